"""Pooling by hand, and how kernels start."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.resnet.blocks import Pooling, batch_norm, convolution
from d3d_tf.models.resnet.config import ResNetRecipe


def test_pooling_by_hand():
    """1 to 25 in rows; windows of 3 around every other one."""
    clip = tf.reshape(tf.range(1.0, 26.0), [1, 1, 5, 5, 1])
    found = tf.squeeze(Pooling()(clip))
    expected = [[7, 9, 10], [17, 19, 20], [22, 24, 25]]
    np.testing.assert_array_equal(found, expected)


def test_kernels_start_with_variance_two_by_fan_out(seed):
    """2 / (128 * 9), a normal that is not truncated."""
    conv = convolution(128, 3, ResNetRecipe(), "conv")
    conv.build([None, None, None, None, 64])
    kernel = conv.kernel.numpy()
    assert kernel.shape == (1, 3, 3, 64, 128)
    deviation = (2 / (128 * 9)) ** 0.5
    assert kernel.std() == pytest.approx(deviation, rel=0.01)
    assert abs(kernel).max() > 3.5 * deviation


def test_ordinary_norms_are_pytorchs():
    norm = batch_norm(ResNetRecipe(), "bn")
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)
    assert norm.unbiased and norm.scale and norm.shift
