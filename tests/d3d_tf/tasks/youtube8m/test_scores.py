"""The measures, of numbers that are known; more in test_ranked_labels.py."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.evaluation.scores import average
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels
from d3d_tf.tasks.youtube8m.scores import RankedScores, _Ranks


def test_measures(tmp_path):
    """Sorted: right, wrong, right, wrong, wrong, wrong; of three labels."""
    labels = np.float32([[1, 0, 0], [1, 0, 1]])
    p = np.array([[0.9, 0.1, 0.3], [0.2, 0.7, 0.5]])
    scores = RankedScores.of_answers(np.array(["a", "b"]), labels, p)
    found = scores.metrics()
    values = {name: entry["value"] for name, entry in found.items()}
    assert values == pytest.approx(
        {
            # 0.9 right, 0.7 wrong, 0.5 right, 0.3 wrong, 0.2 right.
            "gap": (1 + 2 / 3 + 3 / 5) / 3,
            # Class 0: 0.9 and 0.2, both right. Class 2: 0.5, right, 0.3.
            "map": 1.0,
            "hit1": 1 / 2,
            "perr": (1 + 1 / 2) / 2,
        }
    )
    low, high = found["gap"]["ci95"]
    assert 0 <= low <= values["gap"] <= high <= 1 and found["gap"]["n"] == 2
    scores.save(tmp_path / "scores.npz")
    assert type(load_scores(tmp_path / "scores.npz")) is RankedScores


def test_the_same_as_of_all_answers():
    """The kit's numbers are those of `RankedLabels`: of many, with ties."""
    rng = np.random.default_rng(3)
    labels = rng.random([60, 50]) < 0.05
    p = np.round(rng.random([60, 50]), 4).astype(np.float32)
    ids = np.array([f"{i}" for i in range(60)])
    parts = [
        RankedScores.of_answers(ids[part], labels[part], p[part])
        for part in (slice(0, 7), slice(7, 60))
    ]
    ranks = RankedLabels(50)
    ranks.add(p, labels)
    found = RankedScores.joined(parts).metrics()
    assert {name: entry["value"] for name, entry in found.items()} == (
        pytest.approx(
            {
                "gap": ranks.gap(),
                "map": ranks.mean_average_precision(),
                "hit1": ranks.hit1(),
                "perr": ranks.perr(),
            },
            rel=1e-6,
        )
    )


def test_single_classes():
    """As of all answers; the last classes have neither videos nor answers."""
    rng = np.random.default_rng(4)
    labels = rng.random([40, 25]) < 0.1
    p = rng.random([40, 25]).astype(np.float32)
    p[:, 24], labels[:, 23:] = 0, False
    scores = RankedScores.of_answers(np.arange(40).astype(str), labels, p)
    ranks = RankedLabels(25)
    ranks.add(p, labels)
    found = scores.average_precisions(25)
    np.testing.assert_allclose(found, ranks.average_precisions(), rtol=1e-6)
    assert found[:23].max() > 0 and not found[23:].any()
    np.testing.assert_array_equal(scores.frequencies(25), labels.sum(axis=0))


def test_a_video_that_counts_twice_is_two_videos():
    """What the bootstrap draws: by hand, two of the first and one other."""
    ids = np.array(["a", "b"])
    labels = np.float32([[1, 0, 0], [0, 1, 0]])
    p = np.array([[0.9, 0.1, 0.3], [0.7, 0.5, 0.2]])
    found = _Ranks(RankedScores.of_answers(ids, labels, p))
    # 0.9 right twice, 0.7 wrong, 0.5 right, the rest wrong.
    assert found.values(np.array([2, 1])) == pytest.approx(
        [(1 + 1 + 3 / 4) / 3, 1.0, 2 / 3, 2 / 3]
    )
    # Of the second alone: its label is its second class.
    assert found.values(np.array([0, 2])) == pytest.approx(
        [2 / 4 * 2 / 2, 1.0, 0.0, 0.0]
    )


def test_networks_are_not_fused():
    scores = RankedScores.of_answers(
        np.array(["a"]), np.ones([1, 3]), np.ones([1, 3])
    )
    with pytest.raises(UserError, match="cannot be fused"):
        average(scores, scores)
