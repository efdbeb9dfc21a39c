"""Whole clips are dropped, by the step and the layer alone."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.drop_connect import DropConnect
from d3d_tf.layers.dropout import draws_by_step

ONES = np.ones([2000, 2, 1, 1, 3], np.float32)


def network(rate=0.25):
    clip = keras.Input([2, 1, 1, 3])
    layers = [DropConnect(rate, index) for index in range(2)]
    return keras.Model(clip, [layer(clip) for layer in layers])


def kept(outputs):
    """Which clips are there; each is whole, times 4 / 3, or gone."""
    outputs = np.asarray(outputs).reshape(2000, -1)
    np.testing.assert_array_equal(outputs, outputs[:, :1].repeat(6, axis=1))
    some = outputs[:, 0] > 0
    np.testing.assert_allclose(outputs[some], 4 / 3, rtol=1e-6)
    # Give or take 4 sigma.
    assert np.mean(~some) == pytest.approx(0.25, abs=0.039)
    return some


def test_draws_are_those_of_the_step_and_the_layer():
    step = tf.Variable(7, dtype=tf.int64)
    model = network()
    with draws_by_step(model, 3, step):
        first, second = map(kept, model(ONES, training=True))
        # Two fair draws agree in 0.75^2 + 0.25^2 = 0.625 of the clips.
        assert np.mean(first == second) == pytest.approx(0.625, abs=0.045)
        again = kept(model(ONES, training=True)[0])
        np.testing.assert_array_equal(again, first)
        step.assign(8)
        assert np.any(kept(model(ONES, training=True)[0]) != first)
    step.assign(7)
    other = network()
    with draws_by_step(other, 3, step):
        np.testing.assert_array_equal(
            kept(other(ONES, training=True)[0]), first
        )


def test_otherwise_keras_draws():
    model = network()
    draws = [kept(model(ONES, training=True)[0]) for _ in range(2)]
    assert np.any(draws[0] != draws[1])


def test_inference_and_a_rate_of_zero_drop_nothing():
    for outputs in network()(ONES, training=False):
        np.testing.assert_array_equal(outputs, ONES)
    model = network(0.0)
    with draws_by_step(model, 0, tf.Variable(0, dtype=tf.int64)):
        for outputs in model(ONES, training=True):
            np.testing.assert_array_equal(outputs, ONES)


def test_configuration_round_trip():
    layer = DropConnect(0.5, 3, name="drop")
    copy = DropConnect.from_config(layer.get_config())
    assert (copy.rate, copy.index, copy.name) == (0.5, 3, "drop")


def test_what_is_repeatable():
    step = tf.Variable(7, dtype=tf.int64)
    model = network()
    layers = model.layers[1:]
    assert not any(layer.is_repeatable for layer in layers)
    with draws_by_step(model, 3, step):
        assert all(layer.is_repeatable for layer in layers)
    assert DropConnect(0.0, 0).is_repeatable
