"""Which results are fused and which are averaged, by `--mode=evaluate`."""

import json

import numpy as np
import pytest

from d3d_tf.commands import evaluate
from d3d_tf.config import EvaluationRecipe, to_dict
from d3d_tf.errors import UserError
from d3d_tf.experiment.rows import Row
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run
from d3d_tf.tasks.classification.scores import ClassScores


@pytest.fixture
def scored(tmp_path):
    """`scored(name, split, value)`: a run of UCF-101 with results."""

    def make(name, split, right):
        run = Run(tmp_path / name)
        probabilities = np.where([right, True], [0.9, 0.1], [0.2, 0.8])
        row = Row(
            "student",
            {
                "test": ClassScores(
                    np.array(["a", "b"]),
                    np.array([0, 1]),
                    np.stack([probabilities, 1 - probabilities], axis=1),
                )
            },
            parameters=1,
            milliseconds=1.0,
        )
        row.save(run, "digest", EvaluationRecipe())
        recipe = RECIPES[f"ucf101_split{split}"]
        run.write_results(
            {"recipe": to_dict(recipe), "metrics": row.metrics(["test"])}
        )
        return str(run.folder)

    return make


def test_results_of_one_split_are_fused(scored, tmp_path, capsys):
    """One has both videos right, and is the surer of the two."""
    places = [scored("A", 1, False), scored("B", 1, True)]
    evaluate.run(checkpoint=places, out=str(tmp_path / "both"))
    first, second, *lines = capsys.readouterr().out.splitlines()
    assert first == "2 results: the mean of their soft-max scores"
    assert second == "test, 2 videos"
    assert lines[2].startswith("  ensemble: top-1 100.0 %")
    metrics = Run(tmp_path / "both").read_results()["metrics"]
    assert metrics["ensemble/top1/test"]["value"] == 1


def test_runs_of_several_splits_are_averaged(scored, tmp_path, capsys):
    """1 / 2 and 2 / 2 are right: 75 %."""
    places = [scored("A", 1, False), scored("B", 2, True)]
    out = tmp_path / "mean.json"
    evaluate.run(checkpoint=places, out=str(out))
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "2 official splits: the mean of their accuracies"
    assert second == "student/top1: 75.0 %, mean of 2 splits"
    assert json.loads(out.read_text())["student/top1"]["mean"] == 0.75


def test_a_split_twice_among_others_is_refused(scored):
    places = [scored("A", 1, True), scored("B", 2, True), scored("C", 1, True)]
    with pytest.raises(UserError, match=r"these are of \[1, 2, 1\]"):
        evaluate.run(checkpoint=places)
