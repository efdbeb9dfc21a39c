"""Frame-mAP of a network's answers, by hand."""

import numpy as np
import pytest

from d3d_tf.tasks import load_scores
from d3d_tf.tasks.detection.scores import DetectionScores, id_of, keyframe_of

LEFT, RIGHT = [0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]


def scores():
    """Two keyframes of one video, one of another; actions 1 and 2.

    Action 1: true at the left of the first two; found with 0.9, at the right
    with 0.8, at the left with 0.7: precisions 1, 1/2, 2/3 give 5/6. Action 2:
    true once, at the right of the third; found there with 0.4 after a false
    alarm with 0.6: 1/2. The third keyframe has one person, one box.
    """
    labels = np.zeros([3, 2, 6], np.float32)
    labels[0, 0] = [*LEFT, 1, 0]
    labels[1, 0] = [*LEFT, 1, 0]
    labels[2, 0] = [*RIGHT, 0, 1]
    boxes = np.float32([[LEFT, RIGHT], [LEFT, RIGHT], [RIGHT, [0] * 4]])
    answers = np.float32(
        [[[0.9, 0.6], [0.8, 0]], [[0.7, 0], [0, 0]], [[0, 0.4], [0, 0]]]
    )
    return DetectionScores(
        np.array(["a/0001", "a/0002", "b/1500000us"]),
        labels,
        boxes=boxes,
        probabilities=answers,
    )


def test_frame_map_by_hand():
    entry = scores().metrics()["frame_map"]
    assert entry["value"] == pytest.approx((5 / 6 + 1 / 2) / 2)
    assert entry["n"] == 3
    low, high = entry["ci95"]
    # Of draws of b alone action 2 is found at once: 1.
    assert low <= entry["value"] <= high <= 1


def test_ranked_is_the_same():
    """Ties stay in their order; weights of videos still fit."""
    some = scores()
    some.probabilities[0, :, 0] = 0.7
    plain, ranked = some.matches(), some.matches().ranked()
    for weights in (None, np.array([1, 2]), np.array([0, 3])):
        one, other = (
            m.average_precisions([1, 2], weights) for m in (plain, ranked)
        )
        np.testing.assert_array_equal(one, other)


def test_keyframes():
    assert keyframe_of("-a_b/0902") == ("-a_b", 902_000_000)
    assert keyframe_of("x/y/1500000us") == ("x/y", 1_500_000)
    assert id_of("-a_b", 902_000_000) == "-a_b/0902"
    assert keyframe_of(id_of("a\nb", 1_500_000)) == ("a\nb", 1_500_000)


def test_saved_and_read(tmp_path):
    sha256 = scores().save(tmp_path / "a.npz")
    again = load_scores(tmp_path / "a.npz", sha256)
    assert isinstance(again, DetectionScores)
    np.testing.assert_array_equal(again.boxes, scores().boxes)
    assert again.metrics() == scores().metrics()


def test_shapes_are_looked_at():
    good = scores()
    assert good.fits()
    bad = DetectionScores(
        good.ids,
        good.labels,
        boxes=good.boxes[:, :1],
        probabilities=good.probabilities,
    )
    assert not bad.fits()
