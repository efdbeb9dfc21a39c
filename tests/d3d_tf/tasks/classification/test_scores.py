"""Accuracies counted by hand."""

import math

import numpy as np

from d3d_tf.evaluation.scores import average
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.classification.scores import ClassScores


def make_scores(probabilities, labels):
    ids = np.array([f"v{i}" for i in range(len(labels))])
    return ClassScores(ids, np.array(labels), np.array(probabilities, float))


# Seven classes, four videos; the place of the label among the scores, from 1:
SEVEN = make_scores(
    [
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 0: 1st
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 4: 5th
        [0.30, 0.25, 0.20, 0.10, 0.08, 0.05, 0.02],  # label 5: 6th
        [0.02, 0.05, 0.08, 0.10, 0.20, 0.25, 0.30],  # label 6: 1st
    ],
    [0, 4, 5, 6],
)


def test_top1_and_top5_by_hand():
    """Videos 0 and 3 are first; video 1 is among five, video 2 is sixth."""
    assert SEVEN.top1() == (2, 4)
    assert SEVEN.top5() == (3, 4)


def test_some_of_the_videos():
    """Of videos 3 and 1 only 3 is right; the order is that of the scores."""
    some = SEVEN.of(["v3", "v1", "unknown"])
    assert some.ids.tolist() == ["v1", "v3"]
    assert some.labels.tolist() == [4, 6]
    assert some.top1() == (1, 2)


def test_with_five_classes_top5_is_always_right():
    scores = make_scores(np.full((3, 5), 0.2), [4, 3, 0])
    assert scores.top5() == (3, 3)


def test_equal_scores_make_no_label_special():
    """A network that says the same of all is right for one class of ten."""
    scores = make_scores(np.full((10, 10), 0.1), range(10))
    assert scores.top1() == (1, 10)
    assert scores.top5() == (5, 10)


def test_per_class_by_hand():
    """Class a: 1 of 2 right; class b: 1 of 1; class c has no video."""
    scores = make_scores(
        [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]], [0, 0, 1]
    )
    assert scores.per_class(["a", "b", "c"]) == {
        "a": {"value": 0.5, "n": 2},
        "b": {"value": 1.0, "n": 1},
    }


def test_softmax_by_hand():
    """exp(0) : exp(ln 3) = 1 : 3."""
    logits = np.array([[0.0, math.log(3)], [5.0, 5.0]], np.float32)
    np.testing.assert_allclose(
        ClassScores.prepared(logits), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-7
    )


def test_softmax_is_safe_with_large_logits():
    logits = np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32)
    np.testing.assert_allclose(
        ClassScores.prepared(logits), [[1.0, 0.0], [0.5, 0.5]]
    )
    assert ClassScores.prepared(logits).dtype == np.float64


def test_the_average_is_that_of_the_probabilities():
    """(0.9 + 0.2) / 2 = 0.55: the more certain one wins."""
    fused = average(
        make_scores([[0.9, 0.1]], [0]), make_scores([[0.2, 0.8]], [0])
    )
    np.testing.assert_allclose(fused.probabilities, [[0.55, 0.45]])
    assert fused.top1() == (1, 1)
    assert fused.ids.tolist() == ["v0"]


def test_the_average_of_three():
    """(0.9 + 0.2 + 0.1) / 3 = 0.4."""
    three = [make_scores([[p, 1 - p]], [0]) for p in (0.9, 0.2, 0.1)]
    np.testing.assert_allclose(average(*three).probabilities, [[0.4, 0.6]])


def test_files_of_earlier_versions_are_of_classes(tmp_path):
    """Three arrays, and no name of a task."""
    path = tmp_path / "scores.npz"
    SEVEN.save(path)
    with np.load(path) as arrays:
        assert set(arrays) == {"ids", "labels", "probabilities"}
    assert isinstance(load_scores(path), ClassScores)
