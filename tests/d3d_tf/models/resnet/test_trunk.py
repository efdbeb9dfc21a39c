"""Stages in order, and their strides."""

import pytest
import tensorflow as tf

from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.trunk import ResNetTrunk


@pytest.mark.parametrize(
    "model, channels",
    [
        ("tsn_r18", (64, 64, 64, 128, 256, 512)),
        ("tsm_r50", (64, 64, 256, 512, 1024, 2048)),
    ],
)
def test_sizes_of_published_networks(model, channels):
    """On 224 pixels: 112, 56, 56, 28, 14, 7 (He et al., table 1)."""
    trunk = ResNetTrunk(ResNetRecipe(model=model))
    found = tf.function(trunk).get_concrete_function(
        tf.TensorSpec([1, 8, 224, 224, 3])
    )
    shapes = {k: tuple(v.shape) for k, v in found.structured_outputs.items()}
    sides = (112, 56, 56, 28, 14, 7)
    assert shapes == {
        name: (1, 8, side, side, depth)
        for name, side, depth in zip(
            trunk.endpoints, sides, channels, strict=True
        )
    }


def test_strides():
    trunk = ResNetTrunk(ResNetRecipe(width_factor=0.1))
    found = [trunk.strides(name) for name in trunk.endpoints]
    assert found == [(1, n, n) for n in (2, 4, 4, 8, 16, 32)]
    with pytest.raises(ValueError, match="'res2'; this trunk has stem, max"):
        trunk.up_to("res2", tf.zeros([1, 2, 8, 8, 3]))
