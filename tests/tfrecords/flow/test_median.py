"""The median against OpenCV's `medianBlur`, bit for bit."""

import itertools

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.layout import MARGIN, U, V
from d3d_tf.tfrecords.flow.median import SCRATCH_ROWS, median_kernel
from tests.tfrecords.flow.scenes import blank_state

PITCH = 544


def median(rows, state, plane, size):
    height, _, width = rows.shape
    wide = PITCH + MARGIN
    median_kernel(PITCH, size)(
        state,
        np.uint64(plane),
        height,
        np.uint64(width),
        np.zeros((height + 5) * wide, np.float32),
        np.zeros(SCRATCH_ROWS * wide, np.float32),
    )


def scattered(rng, shape):
    return rng.normal(0, 3, shape)


def with_ties(rng, shape):
    return rng.integers(-2, 3, shape) / 4


def with_outliers(rng, shape):
    values = rng.normal(0, 0.01, shape)
    values[rng.random(shape) < 0.4] *= 1e6
    return values


def smooth(rng, shape):
    x = np.arange(shape[1]) * 0.3 + rng.uniform(0, 6)
    return np.sin(x)[None] + np.arange(shape[0])[:, None] * 0.1


@pytest.mark.parametrize(
    "values", [scattered, with_ties, with_outliers, smooth]
)
@pytest.mark.parametrize("shape", [(16, 16), (17, 37), (40, 64), (3, 5)])
@pytest.mark.parametrize("size", [3, 5])
def test_it_is_medianblur(values, shape, size):
    rng = np.random.default_rng(0)
    state, rows = blank_state(*shape)
    rows[:, U] = values(rng, shape)
    rows[:, V] = other = rng.normal(0, 1, shape)
    given = rows[:, U].copy()
    median(rows, state, U, size)
    np.testing.assert_array_equal(rows[:, U], cv2.medianBlur(given, size))
    np.testing.assert_array_equal(rows[:, V], np.float32(other))


def pictures_of_zeros_and_ones(size):
    """`[many, size * size]`: all for 3 x 3; for 5 x 5 all numbers of ones in
    the columns, at places drawn at random, for columns are sorted first.
    """
    if size == 3:
        return (np.arange(512)[:, None] >> np.arange(9)) & 1
    counts = np.array(list(itertools.product(range(6), repeat=5)))
    ranks = np.random.default_rng(0).random((len(counts), 5, 5)).argsort(1)
    return (ranks < counts[:, None]).reshape(-1, 25)


@pytest.mark.parametrize("size", [3, 5])
def test_comparisons_that_are_right_for_zeros_and_ones(size):
    """They are right for all numbers (Knuth's zero-one principle)."""
    pictures = pictures_of_zeros_and_ones(size)
    for part in np.array_split(pictures, len(pictures) // 100 + 1):
        state, rows = blank_state(size, size * len(part))
        rows[:, V] = np.hstack(part.reshape(-1, size, size))
        median(rows, state, V, size)
        middle = rows[size // 2, V, size // 2 :: size]
        expected = np.sort(part, axis=1)[:, size * size // 2]
        np.testing.assert_array_equal(middle, expected)


def test_the_right_neighbour_of_the_last_pixel_is_set():
    """The iteration reads it: the difference to it is zero."""
    rng = np.random.default_rng(0)
    state, rows = blank_state(16, 20)
    rows[:, U] = rng.normal(0, 1, (16, 20))
    median(rows, state, U, 5)
    beside = state.reshape(17, 10, PITCH)[1:, U, MARGIN + 20]
    np.testing.assert_array_equal(beside, rows[:, U, -1])
