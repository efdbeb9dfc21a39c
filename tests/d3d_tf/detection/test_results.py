"""Results of two actions, worked out by hand."""

import numpy as np
import pytest

from d3d_tf.detection.frame_map import Matches
from d3d_tf.detection.results import lines_of, results_of
from d3d_tf.detection.settings import DetectionRecipe

# Action 1: right, then wrong, of one; action 15: nothing found of two.
MATCHES = Matches(
    videos=["v"],
    truth_video=np.zeros(3, int),
    truth_action=np.array([1, 15, 15]),
    video=np.zeros(2, int),
    action=np.array([1, 1]),
    scores=np.array([0.9, 0.8]),
    hits=np.array([True, False]),
    keyframes=3,
    oracle=True,
    left_out={"detections without an area": 4},
)
ACTIONS = {1: "bend", 15: "phone", 80: "watch", 99: "fly"}


def test_numbers_and_names():
    results = results_of(MATCHES, ACTIONS, DetectionRecipe(), {"a": "00"})
    assert results["frame_map"] == pytest.approx(0.5)
    assert results["groups"] == {
        "person movement (pose)": 1.0,
        "object manipulation": 0.0,
        "person interaction": None,
    }
    assert [row["ap"] for row in results["actions"]] == [1.0, 0.0, None, None]
    bend = results["actions"][0]
    assert (bend["truths"], bend["detections"], bend["hits"]) == (1, 2, 1)
    metrics = results["metrics"]
    assert metrics["PascalBoxes_Precision/mAP@0.5IOU"] == 0.5
    key = "PascalBoxes_PerformanceByCategory/AP@0.5IOU/phone"
    assert metrics[key] == 0
    lines = lines_of(results)
    assert lines[1].split() == ["1", "bend", "100.00", "1", "2", "1", 30 * "#"]
    assert lines[4].split() == ["99", "fly", "-", "0", "0", "0"]
    assert "50.00   3 keyframes; ORACLE" in lines[-2]
    assert lines[-1] == "left out: 4 detections without an area"


def test_nothing_true():
    nothing = MATCHES.__class__(
        **vars(MATCHES)
        | {"truth_video": np.zeros(0, int), "truth_action": np.zeros(0, int)}
    )
    results = results_of(nothing, ACTIONS, DetectionRecipe(), {})
    assert results["frame_map"] is None
    assert "     -   3 keyframes" in lines_of(results)[-2]
