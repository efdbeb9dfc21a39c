"""A row of the results table on the screen, in the run and in results.json.

The example throughout: 8 of 10 test videos right. Wilson's interval by hand,
z^2 = 3.84146: centre (0.8 + 0.192073) / 1.384146 = 0.716740, half width
1.959964 * sqrt(0.8 * 0.2 / 10 + 3.84146 / 400) / 1.384146
= 1.959964 * 0.160011 / 1.384146 = 0.226578; so [0.490162, 0.943318].
"""

import json

import numpy as np
import pytest

from d3d_tf.config import EvaluationRecipe
from d3d_tf.experiment.rows import Row, header, line
from d3d_tf.roles import ROLES
from d3d_tf.runs.folder import Run
from d3d_tf.sealed import sealed
from d3d_tf.tasks.classification.scores import ClassScores

VIEWS = EvaluationRecipe()

INTERVAL = [0.490162, 0.943318]


def scores_with(right, total):
    """Seven classes, label 0; wrong videos have it in the last place."""
    probabilities = np.full((total, 7), 1.0)
    probabilities[:right, 0] = 2.0
    probabilities[right:, 0] = 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    ids = np.array([f"v{i}" for i in range(total)])
    return ClassScores(ids, np.zeros(total, int), probabilities)


def make_row(role="student", train=(98, 100), **tests):
    tests = tests or {"test": (8, 10)}
    scores = {
        s: scores_with(*rt) for s, rt in {"train": train, **tests}.items()
    }
    return Row(role, scores, parameters=1_234_567, milliseconds=12.34)


def test_the_screen_by_hand():
    """Columns under their headings; percent with one decimal."""
    top, text = (
        header(["test"], ClassScores),
        line(make_row(), ["test"], toy=True),
    )
    assert text.split() == [
        "D3D",
        "(student)",
        "80.0",
        "[49.0,",
        "94.3]",
        "98.0",
        "1,234,567",
        "12.3",
    ]
    for word, value in {
        "top-1 test": "94.3]",
        "training": "98.0",
        "parameters": "1,234,567",
        "ms/video": "12.3",
    }.items():
        right_edge = top.index(word) + len(word)
        assert text[:right_edge].endswith(value)


def test_all_rows_have_equal_width():
    splits = ["same_colours", "shuffled_colours"]
    tests = {"same_colours": (10, 10), "shuffled_colours": (0, 10)}
    widths = {
        len(line(make_row(role, **tests), splits, toy=True)) for role in ROLES
    }
    assert widths == {len(header(splits, ClassScores))}


@pytest.mark.parametrize(
    ("train", "toy", "told"),
    [((96, 100), True, True), ((97, 100), True, False), ((1, 9), False, False)],
)
def test_a_toy_network_that_did_not_learn_is_told(train, toy, told):
    text = line(make_row(train=train), ["test"], toy=toy)
    assert ("did not converge" in text) == told


def test_metrics_by_hand():
    metrics = make_row().metrics(["test"])
    top1 = metrics["student/top1"]
    assert (top1["value"], top1["n"]) == (0.8, 10)
    np.testing.assert_allclose(top1["ci95"], INTERVAL, atol=2e-6)
    # The label of a wrong video is in the last place of seven.
    assert metrics["student/top5"]["value"] == 0.8
    assert metrics["student/train_top1"] == {"value": 0.98, "n": 100}
    assert metrics["student/parameters"] == {"value": 1_234_567}
    assert metrics["student/ms_per_video"] == {"value": 12.34}
    assert "student/top1/test" not in metrics


def test_of_several_test_sets_the_bare_name_is_the_last():
    metrics = make_row(easy=(9, 10), hard=(3, 10)).metrics(["easy", "hard"])
    assert metrics["student/top1/easy"]["value"] == 0.9
    assert metrics["student/top1/hard"]["value"] == 0.3
    assert metrics["student/top1"] == metrics["student/top1/hard"]
    assert metrics["student/top5"] == metrics["student/top5/hard"]


def test_a_row_is_read_back_for_the_same_data_only(tmp_path):
    run = Run(tmp_path)
    (tmp_path / "scores").mkdir()
    assert Row.load("student", run, "data1", VIEWS) is None
    row = make_row(easy=(9, 10), hard=(3, 10))
    row.save(run, "data1", VIEWS)
    loaded = Row.load("student", run, "data1", VIEWS)
    splits = ["easy", "hard"]
    assert loaded.metrics(splits) == row.metrics(splits)
    assert list(loaded.scores) == ["train", "easy", "hard"]
    assert Row.load("student", run, "data2", VIEWS) is None
    assert Row.load("teacher", run, "data1", VIEWS) is None


def test_scores_without_costs_are_no_row(tmp_path):
    """The costs are written last: an interrupted `save` is not believed."""
    run = Run(tmp_path)
    (tmp_path / "scores").mkdir()
    make_row().save(run, "data1", VIEWS)
    run.costs("student").unlink()
    assert Row.load("student", run, "data1", VIEWS) is None


def test_rows_of_other_views_are_not_taken(tmp_path):
    """What was saved before there were views is of the centre."""
    run = Run(tmp_path)
    (tmp_path / "scores").mkdir()
    row = make_row()
    other = EvaluationRecipe(clips=2)
    row.save(run, "data1", other)
    assert Row.load("student", run, "data1", VIEWS) is None
    assert Row.load("student", run, "data1", other).parameters == row.parameters
    costs = json.loads(run.costs("student").read_text())
    del costs["views"]
    run.costs("student").write_text(sealed(costs))
    assert Row.load("student", run, "data1", other) is None
    assert Row.load("student", run, "data1", VIEWS).parameters == row.parameters


def test_a_row_may_have_another_name():
    text = line(make_row(), ["test"], toy=False, name="Fine-tuned")
    assert text.startswith("Fine-tuned   ")


def test_records_without_training_videos():
    """Of a benchmark, say: there is nothing to tell of the training."""
    row = Row("student", {"test": scores_with(8, 10)}, 1_234_567, 12.34)
    assert line(row, ["test"], toy=True).split() == [
        *("D3D", "(student)", "80.0", "[49.0,", "94.3]", "-"),
        *("1,234,567", "12.3"),
    ]
    entries = row.metrics(["test"])
    assert entries["student/top1"]["value"] == 0.8
    assert "student/train_top1" not in entries
