"""Recomputing changes neither numbers nor the count of updates."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.recompute import recompute


def step(function, layers, clip, how):
    """Output and gradients of its sum of squares."""

    def run(clip):
        with tf.GradientTape() as tape:
            tape.watch(clip)
            outputs = function(clip)
            loss = tf.reduce_sum(outputs**2)
        variables = [v for layer in layers for v in layer.trainable_variables]
        return outputs, tape.gradient(loss, [clip, *variables])

    if how == "graph":
        run = tf.function(run)
    elif how == "xla":
        run = tf.function(run, jit_compile=True)
    return run(clip)


@pytest.mark.parametrize("how", ["eager", "graph", "xla"])
def test_values_by_hand(how):
    """y = (w x)^2 at w = 3, x = 2: 36; loss y^2, dy = 72.

    dw = 72 * 2 * 6 * 2 = 1728, dx = 72 * 2 * 6 * 3 = 2592.
    """
    w = tf.Variable(3.0)

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = recompute(lambda x: (w * x) ** 2, x) ** 2
        return tape.gradient(loss, [w, x])

    if how != "eager":
        run = tf.function(run, jit_compile=how == "xla")
    found = [float(value) for value in run(tf.constant(2.0))]
    assert found == [1728, 2592]


@pytest.mark.parametrize("how", ["eager", "graph", "xla"])
def test_several_tensors(how):
    """(w x, w x z) at w = 3, x = 2, z = 5; loss is the second's square, 900.

    Its slope is 2 * 30 = 60: dw = 60 * 10, dx = 60 * 15, dz = 60 * 6.
    """
    w = tf.Variable(3.0)

    def run(x, z):
        with tf.GradientTape() as tape:
            tape.watch([x, z])
            _, product = recompute(lambda x, z: (w * x, w * x * z), x, z)
            loss = product**2
        return tape.gradient(loss, [w, x, z])

    if how != "eager":
        run = tf.function(run, jit_compile=how == "xla")
    found = [float(v) for v in run(tf.constant(2.0), tf.constant(5.0))]
    assert found == [600, 900, 360]


@pytest.mark.parametrize("how", ["eager", "graph", "xla"])
def test_averages_follow_once(how):
    """1, 2, 3, 6: mean 3, variance 3.5; momentum 0.5 from (0, 1), once."""
    layer = BatchNorm(momentum=0.5)
    clip = tf.reshape(tf.constant([1.0, 2, 3, 6]), [1, -1, 1, 1, 1])
    layer.build(clip.shape)

    def function(net):
        return recompute(lambda net: layer(net, training=True), net)

    step(function, [layer], clip, how)
    np.testing.assert_allclose(layer.moving_mean, [1.5], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, [2.25], rtol=1e-6)
    # And again when asked again: nothing was switched off for good.
    layer(clip, training=True)
    np.testing.assert_allclose(layer.moving_mean, [2.25], rtol=1e-6)


@pytest.mark.parametrize("how", ["eager", "graph"])
def test_gradients_are_equal(how, seed):
    layers = [keras.layers.Conv3D(3, 3), BatchNorm(), keras.layers.Conv3D(2, 1)]
    clip = tf.random.normal([2, 4, 5, 5, 2])

    def function(net):
        for layer in layers:
            net = layer(net)
        return net

    function(clip)
    outputs, gradients = step(function, layers, clip, how)
    again, others = step(
        lambda net: recompute(function, net), layers, clip, how
    )
    np.testing.assert_array_equal(outputs, again)
    for one, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_inside_is_traced_twice():
    """Once forward, once backward; that it is not kept, benchmarks measure."""
    calls = []

    def function(net):
        calls.append(1)
        return tf.sqrt(net)

    @tf.function
    def run(clip):
        with tf.GradientTape() as tape:
            tape.watch(clip)
            loss = tf.reduce_sum(recompute(function, clip))
        return tape.gradient(loss, clip)

    assert run(tf.constant([4.0])).numpy() == [0.25]
    assert len(calls) == 2
