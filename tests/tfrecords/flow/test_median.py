"""The median against OpenCV's `medianBlur`, bit for bit."""

import itertools

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.layout import MARGIN, P11, PLANES, STARTS, U, V
from d3d_tf.tfrecords.flow.median import (
    RING_ROWS,
    SORTED_ROWS,
    median_kernel,
)
from tests.tfrecords.flow.scenes import blank_state

PITCH = 544


def median(rows, state, size, start=0):
    height, _, width = rows.shape
    wide = PITCH + MARGIN
    median_kernel(PITCH, size)(
        state,
        start,
        height,
        np.uint64(width),
        np.zeros(RING_ROWS * wide, np.float32),
        np.zeros(SORTED_ROWS * wide, np.float32),
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
@pytest.mark.parametrize("start", STARTS)
def test_it_is_medianblur(values, shape, size, start):
    rng = np.random.default_rng(0)
    state, rows = blank_state(*shape)
    flow, others = (U + start, V + start), (P11 + start, STARTS[not start])
    for plane in flow:
        rows[:, plane] = values(rng, shape)
    for plane in others:
        rows[:, plane] = 7
    expected = [cv2.medianBlur(rows[:, k].copy(), size) for k in flow]
    median(rows, state, size, start)
    for plane, right in zip(flow, expected, strict=True):
        np.testing.assert_array_equal(rows[:, plane], right)
    for plane in others:
        assert (rows[:, plane] == 7).all()


def pictures_of_zeros_and_ones(size):
    """`[many, size, size]`: all for 3 x 3; for 5 x 5 all numbers of ones in
    the columns, at places drawn at random, for columns are sorted first.
    """
    if size == 3:
        bits = (np.arange(512)[:, None] >> np.arange(9)) & 1
        return bits.reshape(-1, 3, 3)
    counts = np.array(list(itertools.product(range(6), repeat=5)))
    ranks = np.random.default_rng(0).random((len(counts), 5, 5)).argsort(1)
    return ranks < counts[:, None]


@pytest.mark.parametrize("above", [0, 1])
@pytest.mark.parametrize("size", [3, 5])
def test_comparisons_that_are_right_for_zeros_and_ones(size, above):
    """They are right for all numbers (Knuth's zero-one principle).

    Squares in odd and even columns and rows: each of four that share work.
    """
    pictures = pictures_of_zeros_and_ones(size)
    for part in np.array_split(pictures, len(pictures) // 100 + 1):
        state, rows = blank_state(size + above, size * len(part))
        rows[above:, V] = np.hstack(part)
        median(rows, state, size)
        middle = rows[above + size // 2, V, size // 2 :: size]
        expected = np.sort(part.reshape(-1, size * size), axis=1)
        np.testing.assert_array_equal(middle, expected[:, size * size // 2])


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("width", [20, 21])
def test_the_right_neighbour_of_the_last_pixel_is_set(width, size):
    """The iteration reads it: the difference to it is zero."""
    rng = np.random.default_rng(0)
    state, rows = blank_state(16, width)
    rows[:, U] = rng.normal(0, 1, (16, width))
    median(rows, state, size)
    beside = state.reshape(18, PLANES, PITCH)[1:-1, U, MARGIN + width]
    np.testing.assert_array_equal(beside, rows[:, U, -1])


@pytest.mark.parametrize("width", [491, 496])
def test_the_widest_image_of_a_pitch(width):
    """What is left of the next plane stays zero: the iteration reads it."""
    rng = np.random.default_rng(0)
    state, rows = blank_state(6, width)
    rows[:, V] = rng.normal(0, 1, (6, width))
    given = rows[:, V].copy()
    median(rows, state, 5)
    np.testing.assert_array_equal(rows[:, V], cv2.medianBlur(given, 5))
    planes = state.reshape(8, PLANES, PITCH)
    assert not planes[:, :, :MARGIN].any()
