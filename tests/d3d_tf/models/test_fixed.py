"""Layers of constants compute what the layers did that they were made of."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import Conv3D
from d3d_tf.layers.depthwise import DepthwiseConv3D
from d3d_tf.models.fixed import Fixed, FixedNorm, path_of
from tests.harness import randomize


@pytest.mark.parametrize(
    "layer, shape",
    [
        (Conv3D(4, (1, 3, 3), (1, 2, 2), name="a"), [2, 3, 7, 8, 2]),
        (Conv3D(4, (1, 3, 3), (1, 2, 2), border=1, name="a"), [2, 3, 8, 7, 2]),
        (Conv3D(4, 1, activation="relu", name="a"), [2, 1, 1, 1, 2]),
        (DepthwiseConv3D((3, 3, 3), 2, name="a"), [2, 3, 7, 8, 2]),
        (keras.layers.Dense(4, activation="relu", name="a"), [5, 2]),
        (keras.layers.Dense(4, use_bias=False, name="a"), [5, 2]),
    ],
)
def test_the_same_numbers(layer, shape):
    inputs = tf.random.stateless_normal(shape, [0, 1])
    with tf.name_scope("network"):
        layer(inputs)
    randomize(layer)
    fixed = Fixed(layer)
    assert fixed.path == path_of(layer) == "network/a"
    np.testing.assert_allclose(fixed(inputs), layer(inputs), atol=1e-6)
    assert fixed.variables == []


def test_a_norm_by_hand():
    """3 * 2 - 1."""
    norm = BatchNorm(name="bn")
    norm.build([None, None, None, None, 1])
    fixed = FixedNorm(norm, np.array([2.0]), np.array([-1.0]))
    assert fixed(tf.fill([1, 1, 1, 1, 1], 3.0)).numpy().item() == 5
