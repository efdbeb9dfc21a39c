"""Boxes by hand, and after pictures that were cropped and mirrored."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.data.crops import ClipGeometry, crop_and_flip
from d3d_tf.detector.boxes import cropped, moved, offsets, overlap


def test_overlap():
    """A quarter of each in common: 1 / 7. Empty boxes share nothing."""
    boxes = [[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 1.0, 3.0]]
    others = [[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 1.0], [2.0, 0.0, 4.0, 2.0]]
    np.testing.assert_allclose(
        overlap(tf.constant(boxes), tf.constant(others)),
        [[1 / 7, 1 / 2, 0], [0, 0, 0]],
    )


def geometry(top, left, size, flip, shape=None):
    return ClipGeometry(
        tf.constant([0]),
        tf.constant(top),
        tf.constant(left),
        size,
        tf.constant(flip),
        shape and tf.constant(shape),
    )


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shape", [None, (6, 10)])
def test_a_box_moves_with_what_it_shows(flip, shape):
    """A white rectangle is cropped, resized, mirrored: where it is then."""
    frame = np.zeros([1, 20, 30, 1], np.float32)
    frame[0, 6:9, 8:12] = 1
    box = tf.constant([[6 / 20, 8 / 30, 9 / 20, 12 / 30]])
    drawn = geometry(4, 5, 12, flip, shape)
    pixels = crop_and_flip(tf.constant(frame), drawn).numpy()[0, ..., 0]
    y1, x1, y2, x2 = 12 * cropped(box, drawn, 20, 30).numpy()[0]
    rows, columns = np.nonzero(pixels > 0.5)
    # Pixel i covers i to i + 1.
    found = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert found == pytest.approx((y1, x1, y2, x2), abs=0.5)


def test_boxes_at_the_edge():
    """Half of the first is seen; of the second nothing, so it has no area.

    A crop of 10 x 10 pixels at (5, 5) of a frame of 20 x 40.
    """
    boxes = tf.constant([[0.0, 0.0, 0.5, 0.25], [0.8, 0.0, 0.9, 0.1]])
    found = cropped(boxes, geometry(5, 5, 10, False), 20, 40).numpy()
    np.testing.assert_allclose(found[0], [0, 0, 0.5, 0.5])
    assert (found[1, 2:] <= found[1, :2]).any()
    mirrored = cropped(boxes, geometry(5, 5, 10, True), 20, 40).numpy()
    np.testing.assert_allclose(mirrored[0], [0, 0.5, 0.5, 1])


def test_offsets_by_hand():
    """The centre by half a height and a quarter of a width, twice as high."""
    box, wanted = [0.0, 0.0, 2.0, 4.0], [0.0, -1.0, 4.0, 7.0]
    by = offsets(tf.constant(box), tf.constant(wanted)).numpy()
    log2 = np.log(2)
    np.testing.assert_allclose(by, [5, 2.5, 5 * log2, 5 * log2], rtol=1e-6)


def test_offsets_and_back():
    rng = np.random.default_rng(0)
    low = rng.random([2, 50, 2, 2])
    boxes = np.concatenate([low, low + 0.01 + rng.random(low.shape)], -1)
    one, other = np.float32(boxes[:, :, 0]), np.float32(boxes[:, :, 1])
    np.testing.assert_allclose(
        moved(one, offsets(one, other)), other, atol=1e-5
    )
    # What has no area is left alone.
    empty = np.zeros([1, 4], np.float32)
    np.testing.assert_array_equal(offsets(empty, one[0, :1]), empty)
    np.testing.assert_array_equal(offsets(one[0, :1], empty), empty)


def test_no_side_explodes():
    box = tf.constant([0.0, 0.0, 1.0, 1.0])
    grown = moved(box, tf.constant([0.0, 0.0, 1000.0, 0.0])).numpy()
    assert grown[2] - grown[0] == pytest.approx(62.5)
