"""Against ActivityNet's own numbers, and by hand."""

import json

import numpy as np
import pytest

from d3d_tf.detection.average_precision import average_precision


def test_activitynet_s_numbers(goldens):
    cases = json.loads((goldens / "ava" / "ap_unit.json").read_text())
    assert len(cases) == 14
    for case in cases:
        found = average_precision(
            np.array(case["scores"], float),
            np.array(case["tp"], bool),
            case["num_gt"],
        )
        expected = np.nan if case["ap"] is None else case["ap"]
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_equal_scores_stay_in_order():
    """Right, wrong: 1/1 at once. Wrong, right: 1/2."""
    for hits, expected in ([True, False], 1.0), ([False, True], 0.5):
        hits = np.array(hits)
        assert average_precision(np.ones(2), hits, 1) == expected


def test_a_weight_is_as_many_of_the_same():
    """What comes twice, comes twice; what comes never is not there."""
    scores, hits = np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 0, 1, 1], bool)
    weights = np.array([2, 1, 0, 3])
    found = average_precision(scores, hits, 6, weights)
    again = np.repeat(np.arange(4), weights)
    assert found == pytest.approx(
        average_precision(scores[again], hits[again], 6)
    )
