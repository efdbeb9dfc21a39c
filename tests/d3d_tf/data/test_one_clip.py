"""Classes that a mirror image swaps, and scaling."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.one_clip import mirrored_classes, scale
from d3d_tf.errors import UserError
from d3d_tf.pixels import Pixels

CLASSES = ["left", "jump", "right"]


def test_a_mirror_swaps_classes():
    clip = ClipRecipe(flip=True, swap_on_flip=(("left", "right"),))
    assert mirrored_classes(clip, CLASSES) == [2, 1, 0]
    assert mirrored_classes(ClipRecipe(), CLASSES) is None


def test_a_class_that_is_not_there():
    clip = ClipRecipe(flip=True, swap_on_flip=(("left", "rigth"),))
    with pytest.raises(UserError, match="names 'rigth', .*they have left, j"):
        mirrored_classes(clip, CLASSES)


def test_scale():
    """Bytes to [-1, 1]; a code to (code - 128) times its factor."""
    clips = {
        "id": tf.constant(["a"]),
        "frames": tf.constant([0, 51, 255], tf.uint8)[None, :, None],
        "flow": tf.fill([1, 1, 1, 1, 2], 138.0),
        "factors": tf.constant([[0.01, -0.02]]),
    }
    inputs = scale(clips)
    assert set(inputs) == {"id", "frames", "flow"}
    np.testing.assert_allclose(
        inputs["frames"][0, :, 0], [-1, -0.6, 1], atol=1e-6
    )
    np.testing.assert_allclose(
        inputs["flow"][0, 0, 0, 0], [0.1, -0.2], rtol=1e-6
    )


def test_the_pixels_of_a_network():
    """51 is 0.2 of [0, 1]; flow and id stay."""
    clips = {"frames": tf.fill([1, 1, 1, 1, 3], tf.constant(51, tf.uint8))}
    inputs = scale(clips, Pixels((0.1, 0.2, 0.4), (0.5, 1.0, 0.1)))
    np.testing.assert_allclose(
        inputs["frames"][0, 0, 0, 0], [0.2, 0, -2], atol=1e-6
    )
