"""Pictures in squares, by hand, and boxes with what they show."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.detector.letterbox import extent, letterboxed


@pytest.mark.parametrize(
    "height, width, covered",
    [
        (30, 40, [48, 64]),  # 64 / 40 times as large.
        (40, 30, [64, 48]),
        (128, 128, [64, 64]),
        (10, 37, [17, 64]),  # 17.3.
        (1, 1000, [1, 64]),  # A line of it is left.
    ],
)
def test_extent(height, width, covered):
    assert extent(height, width, 64).numpy().tolist() == covered


@pytest.mark.parametrize(
    "height, width, covered",
    [
        (64, 96, [48, 72]),  # Three quarters as large, as 128 would be.
        (64, 64, [48, 48]),
        (64, 128, [48, 96]),
        (64, 192, [32, 96]),  # Too wide: half as large.
    ],
)
def test_crops_are_seen_as_large_as_frames(height, width, covered):
    assert extent(height, width, 96, 128).numpy().tolist() == covered


def test_the_rest_is_zero():
    """Twice as large; the right half is not covered."""
    pictures = tf.ones([1, 4, 2, 3])
    square = letterboxed(pictures, 8).numpy()
    assert square.shape == (1, 8, 8, 3)
    assert (square[:, :, :4] == 1).all() and (square[:, :, 4:] == 0).all()


def test_a_box_is_where_what_it_shows_is():
    picture = np.zeros([1, 20, 40, 1], np.float32)
    picture[0, 5:15, 10:20] = 1
    box = np.array([5 / 20, 10 / 40, 15 / 20, 20 / 40])
    square = letterboxed(tf.constant(picture), 32).numpy()[0, ..., 0]
    rows, columns = np.nonzero(square > 0.5)
    # Pixel i covers i to i + 1.
    found = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert found == pytest.approx(box * [16, 32, 16, 32])
