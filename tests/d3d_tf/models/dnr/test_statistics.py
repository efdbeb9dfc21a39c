"""What DNR standardises with, by NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.models.dnr.frame_groups import FrameGroups
from d3d_tf.models.dnr.statistics import standardised, statistics
from d3d_tf.models.resnet.blocks import batch_norm
from d3d_tf.models.resnet.config import ResNetRecipe


def made(**changes):
    recipe = ResNetRecipe(normaliser="dnr", **changes)
    return statistics(recipe, batch_norm(recipe, "norm", affine=False))


@pytest.mark.parametrize(
    "kind, channels, groups",
    [("instance", 6, 6), ("group", 64, 32), ("group", 24, 8), ("group", 3, 1)],
)
def test_statistics_of_a_clip(kind, channels, groups):
    """32 groups of channels, or the most that divide both."""
    clip = np.random.default_rng(0).normal(3, 2, [2, 4, 5, 3, channels])
    layer = made(statistics=kind)
    assert layer.variables == []
    inputs = tf.constant(clip, tf.float32)
    frames = FrameGroups(inputs, 3)
    for training in False, True:
        found = standardised(layer, inputs, frames, training)
        for start, end in ((0, 3), (3, 4)):
            part = clip[:, start:end]
            rows = part.reshape(*part.shape[:4], groups, -1)
            axes = (1, 2, 3, 5)
            rows = rows - rows.mean(axes, keepdims=True)
            rows /= np.sqrt((rows**2).mean(axes, keepdims=True) + 1e-5)
            np.testing.assert_allclose(
                found[:, start:end], rows.reshape(part.shape), atol=1e-5
            )


def test_averages_move_once_per_group():
    """Groups (1, 3) and (5): means 2, 5; momentum 0.9, in time order.

    0.1 * 2 = 0.2, then 0.9 * 0.2 + 0.1 * 5 = 0.68.
    """
    layer = made()
    clip = tf.reshape(tf.constant([1.0, 3, 5]), [1, 3, 1, 1, 1])
    groups = FrameGroups(clip, 2)
    outputs = standardised(layer, clip, groups, training=True)
    np.testing.assert_allclose(tf.squeeze(outputs), [-1, 1, 0], atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, [0.68], rtol=1e-6)
    assert isinstance(layer, BatchNorm) and layer.trainable_variables == []
    inference = standardised(layer, clip, groups, training=False)
    np.testing.assert_allclose(inference, layer(clip), rtol=1e-6)
