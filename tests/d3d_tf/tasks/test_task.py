"""The table, what each entry answers, and a task of another kind.

A task is in the table before the recipe is imported; so the other one is in a
process of its own.
"""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from d3d_tf.config import Recipe, to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models import recipe_class
from d3d_tf.tasks import TASKS, task_of
from d3d_tf.tasks.task import Task

_SCRIPT = """
import json, sys
from d3d_tf import tasks
tasks.TASKS["regression"] = "tests.regression"
from d3d_tf import config
from d3d_tf.commands import compare, train
from d3d_tf.experiment.combine import combine

recipe, records, run = sys.argv[1:]
recipe = config.from_dict(json.loads(recipe), "toy")
settings = ["task=regression", "train.stream=rgb", "train.steps=2"]
recipe = config.override(recipe, settings)
train.run(recipe, data=records, run_dir=run)
scores = [run + "/scores/baseline-same_colours.npz"] * 2
combine(scores, run + " twice")
compare.run(checkpoint=scores)
"""


def test_a_recipe_names_none_and_is_of_classification():
    assert Recipe(name="x").task == "classification"
    assert "task" not in to_dict(Recipe(name="x"))


def test_recipes_take_the_tasks_that_exist():
    assert Recipe(name="x").task == "classification"
    for name in TASKS:
        model = "nextvlad" if name == "youtube8m" else "s3dg"
        network = recipe_class(model)(model=model)
        assert Recipe(name="x", task=name, network=network).task == name
    with pytest.raises(UsageError, match="one of classification, multi"):
        Recipe(name="x", task="captions")


@pytest.mark.parametrize("name", TASKS)
def test_every_task_answers_all(name):
    task = task_of(name)
    assert isinstance(task, Task)
    for field in dataclasses.fields(Task):
        assert getattr(task, field.name) is not None
    assert task.scores.headline() in task.scores.measures
    assert task.scores.averaged and task.scores.output


@pytest.fixture(scope="module")
def other(toy, tmp_path_factory):
    """The folder of a run of two steps, and what the user saw."""
    folder = tmp_path_factory.mktemp("other") / "run"
    records = toy.run.origin()["records"]
    recipe = json.dumps(to_dict(toy.recipe))
    command = [sys.executable, "-c", _SCRIPT, recipe, records, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def errors(folder, split):
    with np.load(folder / "scores" / f"baseline-{split}.npz") as arrays:
        assert str(arrays["task"]) == "regression"
        return np.abs(arrays["values"][:, 0] - arrays["labels"])


@pytest.mark.large
def test_another_task_has_its_measures_in_results_json(other):
    folder, _ = other
    results = json.loads((folder / "results.json").read_text())
    metrics = results["metrics"]
    assert metrics.keys() == {
        "baseline/train_error",
        "baseline/error",
        "baseline/error/same_colours",
        "baseline/error/shuffled_colours",
        "baseline/parameters",
        "baseline/ms_per_video",
    }
    for name, split in (
        ("train_error", "train"),
        ("error/same_colours", "same_colours"),
        ("error", "shuffled_colours"),
    ):
        entry, expected = metrics[f"baseline/{name}"], errors(folder, split)
        assert entry["n"] == len(expected)
        assert entry["value"] == pytest.approx(expected.mean())
    assert results["per_class"] == {}


@pytest.mark.large
def test_another_task_on_the_screen(other):
    folder, shown = other
    assert "error same_colours" in shown and "top-1" not in shown
    assert "did not converge" not in shown
    mean = errors(folder, "same_colours").mean()
    assert f"{mean:.1f} [" in shown
    assert "2 results: the mean of their numbers" in shown
    assert f"A: error {mean:.1f} places of 8 videos" in shown


@pytest.mark.large
def test_another_task_in_the_report(other):
    folder, _ = other
    page = (folder / "report.html").read_text()
    assert "<th>error, shuffled_colours</th>" in page
    assert "places <span" in page and "interval (normal)" in page
    assert "training error" in page
    assert ".0 is None" in page  # A caption; there is no student.
    for text in ("top-1", "mistakes", "Per class", "did not converge"):
        assert text not in page, text


@pytest.mark.large
def test_another_task_is_trained_by_its_loss(other):
    """The mean of the clips' errors, as a loss and as a metric."""
    folder, _ = other
    text = (folder / "checkpoints" / "baseline" / "history.csv").read_text()
    header, *_, last = text.splitlines()
    row = dict(zip(header.split(","), last.split(","), strict=True))
    assert "top1" not in row and "classification_loss" not in row
    losses = float(row["regression_loss"]), float(row["error"])
    assert losses[0] == pytest.approx(losses[1])
