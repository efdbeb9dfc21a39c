"""Writes the report page of a run from what the run saved."""

import csv
import dataclasses
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ClipRecipe, Recipe
from d3d_tf.damaged import naming
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.evaluation.metrics import CONVERGED, Scores
from d3d_tf.pixels import Pixels
from d3d_tf.report.class_section import class_section
from d3d_tf.report.flow_section import flow_section
from d3d_tf.report.page import render
from d3d_tf.report.pictures import clip_picture, curves
from d3d_tf.roles import titles
from d3d_tf.runs.folder import Run

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
    """Writes `report.html` and returns its path."""
    recipe = run.recipe()
    results = run.read_results(_SHOWN)
    splits = dataset.test_splits or ["train"]
    histories = _histories(run)
    with naming_damage(dataset, splits[-1]):
        clips, mistakes = _clips(run, dataset, recipe, splits[-1])
    page = render(
        title=recipe.name,
        results=results,
        splits=splits,
        rows=_rows(
            results["metrics"],
            splits,
            recipe,
            titles(finetuned=run.is_finetuned()),
        ),
        toy=recipe.toy,
        curves=[curves(histories, key) for key in ("loss", "top1")]
        if histories
        else [],
        clips=clips,
        flow=flow_section(
            *_first_clip(dataset, recipe, splits[-1]), recipe.flow
        )
        if dataset.flow
        else None,
        mistakes=mistakes,
        classes=class_section(run, dataset.classes, splits[-1], results),
        skipped=dataset.skipped(),
        recipe=run.recipe_path.read_text(),
    )
    write_atomically(run.report_path, page)
    return run.report_path


def _rows(
    metrics: dict, splits: list[str], recipe: Recipe, names: dict[str, str]
) -> list[dict]:
    rows = []
    for role, name in names.items():
        if f"{role}/top1" not in metrics:
            continue
        # None of records without training videos.
        train = metrics.get(f"{role}/train_top1", {}).get("value")
        rows.append(
            {
                "role": role,
                "name": name,
                "cells": [
                    metrics.get(f"{role}/top1/{s}", metrics[f"{role}/top1"])
                    for s in splits
                ],
                "train": train,
                "failed": recipe.toy is not None
                and train is not None
                and train < CONVERGED,
                "parameters": metrics[f"{role}/parameters"]["value"],
                "ms": metrics[f"{role}/ms_per_video"]["value"],
            }
        )
    return rows


def _histories(run: Run) -> dict:
    """`{network: {"step", "loss", "top1"}}` of the networks trained here."""
    histories = {}
    for role, name in titles(finetuned=run.is_finetuned()).items():
        path = run.checkpoints(role) / "history.csv"
        if not path.exists():
            continue
        with naming(path, "move it away", LookupError, TypeError):
            rows = list(csv.DictReader(path.read_text().splitlines()))
            histories[name] = {
                "step": [int(row["step"]) for row in rows],
                "loss": [float(row["loss"]) for row in rows],
                "top1": [float(row["top1"]) for row in rows],
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
    frames = Pixels().to_bytes(inputs["frames"][0, :length])
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


def _clips(run: Run, dataset: Dataset, recipe: Recipe, split: str):
    """One clip per class, and clips on which the student is wrong."""
    path = run.scores("student", split)
    predictions = {}
    if path.exists():
        scores = Scores.load(path)
        predictions = dict(zip(scores.ids, scores.probabilities, strict=True))
    examples: list[dict] = []
    mistakes: list[dict] = []
    seen = set()
    for inputs, label in _views(dataset, recipe.clip, split):
        truth = int(label[0])
        probabilities = predictions.get(inputs["id"][0].numpy().decode())
        wrong = (
            probabilities is not None and int(probabilities.argmax()) != truth
        )
        wanted = mistakes if wrong else examples
        if len(wanted) >= MOST_CLIPS or (not wrong and truth in seen):
            continue
        if not wrong:
            seen.add(truth)
        caption = dataset.classes[truth]
        if probabilities is not None:
            best = int(probabilities.argmax())
            caption = (
                f"{caption}: student says {dataset.classes[best]} "
                f"({100 * probabilities[best]:.0f} %)"
            )
        wanted.append(
            {
                "picture": clip_picture(
                    Pixels().to_bytes(inputs["frames"][0]),
                    inputs["flow"][0].numpy() if dataset.flow else None,
                ),
                "caption": caption,
            }
        )
        if len(examples) + len(mistakes) == 2 * MOST_CLIPS:
            break
    return examples, mistakes
