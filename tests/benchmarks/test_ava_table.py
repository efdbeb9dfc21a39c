"""Means and differences of frame-mAP, of answers whose precision is known."""

import numpy as np
import pytest

from benchmarks.ava_table import D3D, RGB, SCRATCH, markdown, measure
from d3d_tf.tasks.detection.scores import DetectionScores

BOX = [0.0, 0.0, 1.0, 1.0]


def answers(right):
    """One action, true in the first half of four videos; each has a box.

    `right`: whether the true ones have better scores than the others; else
    worse.
    """
    labels = np.zeros([4, 1, 5], np.float32)
    labels[:2, 0] = [*BOX, 1]
    scores = [0.9, 0.8, 0.2, 0.1] if right else [0.2, 0.1, 0.9, 0.8]
    return DetectionScores(
        np.array([f"{name}/0001" for name in "abcd"]),
        labels,
        boxes=np.tile(np.float32(BOX), [4, 1, 1]),
        probabilities=np.float32(scores)[:, None, None],
    )


def test_means_and_differences():
    """All right: 1. All wrong first: precisions 1/3 and 2/4, so 1/2.

    As many rows for the RPN, where all are equal: compared with each other.
    """
    scratch, rgb, d3d = (f"{begin}; oracle" for begin in (SCRATCH, RGB, D3D))
    found = [f"{begin}; RPN" for begin in (SCRATCH, RGB, D3D)]
    one = {scratch: answers(False), rgb: answers(False), d3d: answers(True)}
    two = {scratch: answers(False), rgb: answers(True), d3d: answers(True)}
    alike = dict.fromkeys(found, answers(False))
    rows = measure([one | alike, two | alike])
    assert rows[rgb]["seeds"] == pytest.approx([1 / 2, 1])
    assert rows[d3d]["frame_map"]["value"] == pytest.approx(1)
    assert rows[d3d]["frame_map"]["ci95"][1] == 1
    change = rows[d3d]["minus_rgb"]
    assert change["value"] == pytest.approx(1 / 4)
    # The second seed has no difference in any draw.
    assert 0 <= change["ci95"][0] < 1 / 4 < change["ci95"][1] <= 1 / 2
    assert rows[scratch]["minus_rgb"]["value"] == pytest.approx(-1 / 4)
    assert "minus_rgb" not in rows[rgb]
    assert rows[found[2]]["frame_map"]["value"] == pytest.approx(1 / 2)
    assert rows[found[2]]["minus_rgb"] == {"value": 0, "ci95": [0, 0]}
    text = markdown({"rows": rows, "keyframes": 4, "processor": "P"})
    assert "| From D3D (student); oracle | 100.0 | 100.0 | 100.0" in text
