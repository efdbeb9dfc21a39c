"""Distances by hand."""

import numpy as np
import pytest

from d3d_tf.doctor.module.distance import distances, finer_distance

NAN = np.nan


@pytest.mark.parametrize(
    "answers, others, expected",
    [
        ([0.5, 0.5, 0.0], [0.5, 0.5, 0.0], 0.0),
        ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], 1.0),
        ([0.7, 0.2, 0.1], [0.5, 0.2, 0.3], 0.2),
        # Only the first class is known: 0.3 of all is elsewhere.
        ([0.7, NAN, NAN], [0.4, 0.5, 0.1], 0.3),
        ([0.7, NAN, NAN], [0.7, 0.0, 0.3], 0.0),
    ],
)
def test_distance_of_probabilities(answers, others, expected):
    found = distances(np.array([answers]), np.array([others]), classifies=True)
    assert found == pytest.approx([expected])


@pytest.mark.parametrize(
    "answers, others, expected",
    [([3.0, 4.0], [3.0, 4.0], 0.0), ([3.0, 4.0], [-3.0, -4.0], 1.0)]
    # A difference of (0, 8) and two lengths of 5.
    + [([3.0, 4.0], [3.0, -4.0], 0.8), ([0.0, 0.0], [0.0, 0.0], 0.0)],
)
def test_distance_of_features(answers, others, expected):
    found = distances(np.array([answers]), np.array([others]), classifies=False)
    assert found == pytest.approx([expected])


def test_finer_distance():
    """Of 1e-6 and 1e-4 a hundredth; below the smallest, nothing is known."""
    sure = np.array([[1.0, 1e-6]])
    other = np.array([[1.0, 1e-4]])
    assert finer_distance(sure, other) == pytest.approx(np.log(100) / 2)
    rounded = np.array([[1.0, 0.0]])
    assert finer_distance(rounded, other) == 0.0
    assert finer_distance(np.array([[1.0, NAN]]), other) == 0.0
