"""Mean average precision by hand, and as scikit-learn defines it."""

import numpy as np
import pytest

from d3d_tf.tasks.multilabel.scores import LabelScores, average_precision


@pytest.mark.parametrize(
    "labels, scores, expected",
    [
        # Right at places 1 and 3: (1 + 2/3) / 2.
        ([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], 5 / 6),
        # In another order; at places 2 and 3.
        ([0, 1, 1], [0.9, 0.2, 0.5], (1 / 2 + 2 / 3) / 2),
        # All right.
        ([1, 1], [0.1, 0.2], 1),
        # Equal scores are one threshold, at which 1 of 2 is right.
        ([1, 0], [0.5, 0.5], 1 / 2),
        # First 1 of 1, then 2 of 4 with 1 of the 2 right ones gained.
        ([1, 0, 0, 1], [0.9, 0.5, 0.5, 0.5], (1 + 2 / 4) / 2),
    ],
)
def test_average_precision(labels, scores, expected):
    """scikit-learn's documentation has 0.83 for its example, the first."""
    found = average_precision(np.array(labels), np.array(scores))
    assert found == pytest.approx(expected)


def scores(labels, probabilities):
    labels = np.array(labels)
    ids = np.array([f"v{i}" for i in range(len(labels))])
    return LabelScores(ids, labels, np.array(probabilities))


def test_classes_that_no_video_has_do_not_count():
    """Of the second there is none; the others have 5/6 and 1."""
    found = scores(
        [[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]],
        [[0.9, 0.5, 0.1], [0.8, 0.9, 0.2], [0.7, 0.1, 0.3], [0.1, 0, 0.9]],
    )
    entry = found.metrics()["map"]
    assert entry["value"] == pytest.approx((5 / 6 + 1) / 2)
    assert entry["n"] == 4
    low, high = entry["ci95"]
    assert 0 <= low < entry["value"] <= high <= 1
    assert found.metrics() == found.metrics()


def test_shapes():
    assert scores([[1, 0]], [[0.5, 0.5]]).fits()
    assert not scores([[1, 0]], [[0.5, 0.5, 0.5]]).fits()
    assert not scores([1], [[0.5]]).fits()


def test_the_largest_of_the_views():
    """Charades' temporal maximum."""
    found = LabelScores.of_views(
        ["a", "a"],
        np.float32([[1, 0], [1, 0]]),
        np.log([[1.0, 3.0], [3.0, 1.0]]),
        2,
        pooling="max",
    )
    np.testing.assert_allclose(found.probabilities, [[3 / 4, 3 / 4]])
