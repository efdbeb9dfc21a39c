"""Paired comparison, against what can be counted and computed by hand."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.evaluation.paired import (
    PairedDifference,
    class_differences,
    describe_classes,
    paired_difference,
)
from d3d_tf.tasks.classification.scores import ClassScores
from tests.regression import Numbers


def scores(right, labels=None, start=0):
    """Of two classes; `right` says for each video whether it is."""
    right = np.asarray(right, bool)
    labels = np.zeros(len(right), int) if labels is None else np.array(labels)
    guesses = np.where(right, labels, 1 - labels)
    ids = np.array([f"{start + i:04d}" for i in range(len(right))])
    return ClassScores(ids, labels, np.eye(2)[guesses])


def test_a_known_difference():
    """Of 400 videos B alone has 60, A alone 20, both 200: +10 points; the
    standard error of a paired difference is sqrt((.15 + .05 - .1^2) / 400).
    """
    first = scores([False] * 60 + [True] * 220 + [False] * 120)
    second = scores([True] * 60 + [False] * 20 + [True] * 200 + [False] * 120)
    found = paired_difference(first, second)
    assert (found.videos, found.only_first, found.only_second) == (400, 20, 60)
    assert found.value == pytest.approx(0.1)
    spread = 1.96 * np.sqrt((0.2 - 0.01) / 400)
    assert found.ci95 == pytest.approx((0.1 - spread, 0.1 + spread), abs=0.003)


def test_the_order_of_videos_plays_no_part():
    first = scores([True, False, True, True])
    turned = ClassScores(
        first.ids[::-1], first.labels[::-1], first.probabilities[::-1]
    )
    found = paired_difference(first, turned)
    assert (found.only_first, found.only_second) == (0, 0)
    assert found.ci95 == (0, 0)


def test_only_common_videos_count():
    """0 to 3 and 2 to 5: of 2 and 3 the second has one more."""
    found = paired_difference(
        scores([True, True, False, True]),
        scores([True, True, False, False], start=2),
    )
    assert (found.videos, found.only_first, found.only_second) == (2, 0, 1)


def test_classes():
    """Class 0: 1 of 2, then 2 of 2; class 1: 2 of 3, then 1 of 3."""
    labels = [0, 0, 1, 1, 1]
    found = class_differences(
        scores([True, False, True, True, False], labels),
        scores([True, True, True, False, False], labels),
    )
    assert found == pytest.approx({0: 0.5, 1: -1 / 3})
    assert describe_classes(found | {2: 0.0009}) == (
        "1 of 3 classes better, 1 worse, 1 within 0.1 %"
    )


def test_nothing_to_compare():
    with pytest.raises(UserError, match="different videos altogether"):
        paired_difference(scores([True]), scores([True], start=7))


def test_other_labels_are_told():
    with pytest.raises(UserError, match="1 of 2 .* 0001 .*label maps"):
        paired_difference(
            scores([True, True], [0, 0]), scores([True, True], [0, 1])
        )


def test_points_for_people():
    found = PairedDifference(400, 20, 12, -0.02, (-0.0451, 0.004))
    assert found.points() == "-2.0 points [-4.5, +0.4]"


def test_results_of_different_tasks():
    numbers = Numbers(np.array(["0000"]), np.ones(1), np.ones([1, 1]))
    with pytest.raises(UserError, match="tasks: soft-max scores, numbers"):
        paired_difference(scores([True]), numbers)
