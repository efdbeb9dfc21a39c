"""Stages in order, and their strides."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.layers.dropout import draws_by_step
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.trunk import X3DTrunk
from tests.harness.tiny import X3D


def test_sizes_of_a_published_network():
    """X3D-L on 312: 156, 78, 39, 20, 10 (shared/docs/methods.md, 3.2)."""
    recipe = X3DRecipe(model="x3d_l", depth_factor=0.1)
    trunk = X3DTrunk(recipe)
    found = tf.function(trunk).get_concrete_function(
        tf.TensorSpec([1, 16, 312, 312, 3])
    )
    shapes = {k: tuple(v.shape) for k, v in found.structured_outputs.items()}
    sides = (156, 78, 39, 20, 10, 10)
    channels = (24, 24, 48, 96, 192, 432)
    assert shapes == {
        name: (1, 16, side, side, depth)
        for name, side, depth in zip(
            recipe.endpoints, sides, channels, strict=True
        )
    }


def test_strides():
    trunk = X3DTrunk(X3DRecipe(depth_factor=0.1))
    found = [trunk.strides(name) for name in trunk.endpoints]
    assert found == [(1, n, n) for n in (2, 4, 8, 16, 32, 32)]
    assert trunk.time_stride("conv5") == 1
    with pytest.raises(ValueError, match="'Mixed_5c'; this trunk has stem"):
        trunk.up_to("Mixed_5c", tf.zeros([1, 2, 8, 8, 3]))


def test_blocks_are_counted_through_the_network():
    """So that each has draws of its own."""
    trunk = X3DTrunk(X3DRecipe())
    indices = [
        b.drop.index for stage in trunk.units[1:-1] for b in stage.blocks
    ]
    assert indices == [*range(26)]


def test_recomputed_blocks_drop_the_same_clips():
    """With half of the clips dropped in every block; gradients are the same."""
    found = []
    for recompute in False, True:
        network = X3D.network(
            recompute=recompute, drop_connect=0.5, drop_connect_by_stage=False
        )
        step = tf.Variable(7, dtype=tf.int64)
        with draws_by_step(network, 3, step), tf.GradientTape() as tape:
            logits = network(X3D.clips(4), training=True)
            loss = tf.reduce_mean(logits**2)
            slopes = tape.gradient(loss, network.trainable_variables)
        found.append([logits, *slopes])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
