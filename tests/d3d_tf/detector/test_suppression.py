"""Non-maximum suppression by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.detector.suppression import suppressed

# Two that share 0.8, and one in the corner of both.
BOXES = np.float32([[0, 0, 1, 1], [0, 0, 1, 0.8], [0, 0, 0.1, 0.1]])
LIKELY = np.float32([[0.9, 0.2], [0.8, 0.6], [0.7, 0.1]])


@pytest.mark.parametrize(
    "iou, expected",
    [
        (0.6, [[0.9, 0.0], [0.0, 0.6], [0.7, 0.1]]),
        (0.85, LIKELY),
    ],
)
def test_each_action_for_itself(iou, expected):
    found = suppressed(LIKELY[None], BOXES[None], iou)
    np.testing.assert_array_equal(found[0], np.float32(expected))


def test_what_is_suppressed_suppresses_nothing():
    """Steps of 0.15: 0.85 / 1.15 with the next, 0.7 / 1.3 with the third."""
    steps = 0.15 * np.arange(3)[:, None]
    boxes = np.float32([0, 0, 1, 1] + steps * [0, 1, 0, 1])
    likely = np.float32([[0.9], [0.8], [0.7]])
    found = suppressed(likely[None], boxes[None], 0.6)
    np.testing.assert_array_equal(found[0, :, 0], np.float32([0.9, 0, 0.7]))


def test_pictures_do_not_see_one_another():
    """Boxes without an area are nobody's; there may be none at all."""
    likely = np.stack([LIKELY, LIKELY])
    boxes = np.stack([BOXES * [[1], [0], [1]], BOXES]).astype(np.float32)
    found = tf.function(suppressed)(likely, boxes, 0.6).numpy()
    np.testing.assert_array_equal(found[0], LIKELY * [[1], [0], [1]])
    np.testing.assert_array_equal(found[1, :, 1], np.float32([0, 0.6, 0.1]))
    assert suppressed(likely[:, :0], boxes[:, :0], 0.6).shape == [2, 0, 2]
