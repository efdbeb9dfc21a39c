"""Writes the report page of a run from what the run saved."""

import csv
import dataclasses
from pathlib import Path

import numpy as np

import d3d_tf
from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ClipRecipe, Recipe, digest
from d3d_tf.damaged import naming
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.evaluation.scores import Scores
from d3d_tf.pixels import SYMMETRIC
from d3d_tf.report.class_section import class_section
from d3d_tf.report.feature_section import feature_section
from d3d_tf.report.flow_section import flow_section
from d3d_tf.report.keyframes import COLOURS, keyframe_figures
from d3d_tf.report.page import render
from d3d_tf.report.pictures import clip_picture, curves
from d3d_tf.roles import BASELINE, titles
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import DETECTION, load_scores, task_of
from d3d_tf.tasks.detection.scores import DetectionScores
from d3d_tf.tasks.task import Task

MOST_CLIPS = 8
# The entries of results.json that the page uses.
_SHOWN = {
    "code_version": str,
    "dataset": {"name": str, "digest": str, "num_videos": int},
    "flow_recipe": str,
    "per_class": {str: {"value": float}},
    "protocol": str,
    "recipe_hash": str,
    "seed": int,
    "wall_seconds": float,
}


def write_report(run: Run, dataset: Dataset) -> Path:
    """Writes `report.html` and returns its path.

    Of a run that goes on it has the curves and the rows that are there.
    """
    recipe = run.recipe()
    results = run.read_results(_SHOWN) or _before_results(recipe, dataset)
    task = task_of(recipe.task)
    dataset = dataset.for_task(recipe.task)
    metric = task.scores.measures[task.scores.headline()]
    splits = dataset.test_splits or ["train"]
    names = titles(recipe, finetuned=run.is_finetuned())
    histories = _histories(run, task)
    clips: list[dict] = []
    mistakes: list[dict] | None = None
    with naming_damage(dataset, splits[-1]):
        if recipe.task == DETECTION:
            if results["metrics"]:
                clips = _keyframes(run, dataset, recipe, splits[-1])
        elif not recipe.of_features:
            clips, mistakes = _clips(run, dataset, recipe, splits[-1])
    page = render(
        title=recipe.name,
        results=results,
        splits=splits,
        metric=metric,
        rows=_rows(results["metrics"], splits, recipe, task.scores, names),
        toy=recipe.toy,
        curves=[
            curves(histories, key, label)
            for key, label in _curves(task).items()
            if histories
        ],
        features=feature_section(run, dataset.classes, splits[-1], names)
        if recipe.of_features
        else None,
        clips=clips,
        boxes=COLOURS if recipe.task == DETECTION else None,
        flow=flow_section(
            *_first_clip(dataset, recipe, splits[-1]), recipe.flow
        )
        if dataset.flow
        else None,
        mistakes=mistakes,
        classes=class_section(run, dataset.classes, splits[-1], results, metric)
        if results["per_class"]
        else None,
        skipped=dataset.skipped(),
        recipe=run.recipe_path.read_text(),
    )
    write_atomically(run.report_path, page)
    return run.report_path


def _before_results(recipe: Recipe, dataset: Dataset) -> dict:
    """What stands for results.json while the first network is trained."""
    return {
        "code_version": d3d_tf.__version__,
        "dataset": dataset.info,
        "flow_recipe": dataset.info["flow_recipe"],
        "metrics": {},
        "per_class": {},
        "protocol": "nothing is scored yet, the first training goes on",
        "recipe_hash": digest(recipe),
        "seed": recipe.seed,
        "wall_seconds": 0.0,
    }


def _rows(
    metrics: dict,
    splits: list[str],
    recipe: Recipe,
    scores: type[Scores],
    names: dict[str, str],
) -> list[dict]:
    rows = []
    headline = scores.headline()
    for role, name in names.items():
        if f"{role}/{headline}" not in metrics:
            continue
        # None of records without training videos.
        train = metrics.get(f"{role}/train_{headline}", {}).get("value")
        rows.append(
            {
                "role": role,
                "name": name,
                "cells": [
                    metrics.get(
                        f"{role}/{headline}/{s}", metrics[f"{role}/{headline}"]
                    )
                    for s in splits
                ],
                "train": train,
                "failed": recipe.toy is not None
                and scores.measures[headline].failed(train),
                "parameters": metrics[f"{role}/parameters"]["value"],
                "ms": metrics[f"{role}/ms_per_video"]["value"],
            }
        )
    return rows


def _curves(task: Task) -> dict[str, str]:
    """What is drawn, columns of history.csv, and what the axis is called."""
    measures = task.scores.measures
    titles = {"loss": "loss"}
    for name in (metric.name for metric in task.metrics()):
        title = measures[name].title if name in measures else name
        titles[name] = f"training {title}"
    return titles


def _histories(run: Run, task: Task) -> dict:
    """`{network: {"step", column: values}}` of the networks trained here."""
    histories = {}
    keys = _curves(task)
    names = titles(run.recipe(), finetuned=run.is_finetuned())
    for role, name in names.items():
        path = run.checkpoints(role) / "history.csv"
        if not path.exists():
            continue
        with naming(path, "move it away", LookupError, TypeError):
            # While the training goes on, the last one may be half written.
            lines = path.read_text().splitlines(keepends=True)
            rows = list(csv.DictReader(x for x in lines if x.endswith("\n")))
            # Keras writes NA where no video was held out.
            columns = {n for row in rows[:1] for n in row if row[n] != "NA"}
            of_held_out = {f"val_{key}" for key in keys} & columns
            histories[name] = {
                "step": [int(row["step"]) for row in rows],
                **{
                    key: [float(row[key]) for row in rows]
                    for key in {*keys, *of_held_out}
                },
            }
    return histories


def _first_clip(
    dataset: Dataset, recipe: Recipe, split: str
) -> tuple[np.ndarray, np.ndarray]:
    """Frames and stored flow, as `flow_section` takes them."""
    # Flow is stored from each stored frame to the next.
    clip = dataclasses.replace(recipe.clip, stride=1, sampling="dense")
    data = _views(dataset, clip, split)
    inputs, _ = next(iter(data.take(1)))
    # A shorter video begins again at its end: from there on, frames are not
    # successive.
    length = min(recipe.clip.frames, dataset.info["frames"]["min"])
    frames = SYMMETRIC.to_bytes(inputs["frames"][0, :length])
    return frames, FLOW_SCALE * inputs["flow"][0, :length].numpy()


def _views(dataset: Dataset, clip: ClipRecipe, split: str):
    return make_dataset(
        dataset,
        split,
        clip,
        batch_size=1,
        training=False,
        streams=("frames", *(("flow",) if dataset.flow else ()), "id"),
    )


def _keyframes(
    run: Run, dataset: Dataset, recipe: Recipe, split: str
) -> list[dict]:
    """Keyframes with the boxes of the run's detector."""
    scores = load_scores(run.scores(BASELINE, split))
    assert isinstance(scores, DetectionScores)
    return keyframe_figures(scores, dataset, recipe, split, 2 * MOST_CLIPS)


def _clips(run: Run, dataset: Dataset, recipe: Recipe, split: str):
    """One clip per class, and clips on which the student is wrong.

    The latter are None where no answer is right or wrong.
    """
    path = run.scores("student", split)
    task = task_of(dataset.task)
    answers, right = {}, {}
    judged = task.scores.judged
    if path.exists():
        scores = load_scores(path)
        answers = dict(zip(scores.ids, scores.answers(), strict=True))
        if judged:
            right = dict(zip(scores.ids, scores.right(), strict=True))
    examples: list[dict] = []
    mistakes: list[dict] = []
    seen = set()
    for inputs, label in _views(dataset, recipe.clip, split):
        truth, id_ = label[0].numpy(), inputs["id"][0].numpy().decode()
        wrong = not right.get(id_, True)
        wanted = mistakes if wrong else examples
        if len(wanted) >= MOST_CLIPS or (not wrong and truth.tobytes() in seen):
            continue
        if not wrong:
            seen.add(truth.tobytes())
        wanted.append(
            {
                "picture": clip_picture(
                    SYMMETRIC.to_bytes(inputs["frames"][0]),
                    inputs["flow"][0].numpy() if dataset.flow else None,
                ),
                "caption": task.caption(
                    truth, answers.get(id_), dataset.classes
                ),
            }
        )
        if len(examples) + len(mistakes) == 2 * MOST_CLIPS:
            break
    return examples, mistakes if judged else None
