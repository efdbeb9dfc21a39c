"""The measures, of numbers that are known; more in test_ranked_labels.py."""

import numpy as np
import pytest

from d3d_tf.tasks import load_scores
from d3d_tf.tasks.youtube8m.scores import RankedScores


def test_measures(tmp_path):
    """Sorted: right, wrong, right, wrong, wrong, wrong; of three labels."""
    labels = np.float32([[1, 0, 0], [1, 0, 1]])
    p = np.array([[0.9, 0.1, 0.3], [0.2, 0.7, 0.5]])
    scores = RankedScores(np.array(["a", "b"]), labels, p)
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
