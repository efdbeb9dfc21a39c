"""Dropout as a function of the step and of nothing that was drawn before."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import Dropout, draws_by_step

ONES = np.ones([50, 40], np.float32)


def network():
    clip = keras.Input([40])
    return keras.Model(clip, Dropout(0.25)(clip))


def test_a_draw_is_that_of_its_step():
    """Of 2,000 ones a quarter goes, give or take 4 sigma; 4 / 3 is left."""
    step = tf.Variable(7, dtype=tf.int64)
    model = network()
    with draws_by_step(model, 3, step):
        first = model(ONES, training=True).numpy()
        np.testing.assert_allclose(first[first > 0], 4 / 3, rtol=1e-6)
        assert np.mean(first == 0) == pytest.approx(0.25, abs=0.039)
        np.testing.assert_array_equal(model(ONES, training=True), first)
        step.assign(8)
        assert np.any(model(ONES, training=True) != first)
    step.assign(7)
    other = network()
    with draws_by_step(other, 3, step):
        np.testing.assert_array_equal(other(ONES, training=True), first)
    with draws_by_step(other, 4, step):
        assert np.any(other(ONES, training=True) != first)


def test_inference_drops_nothing():
    model = network()
    with draws_by_step(model, 0, tf.Variable(0, dtype=tf.int64)):
        np.testing.assert_array_equal(model(ONES, training=False), ONES)


def test_otherwise_keras_draws():
    model = network()
    with draws_by_step(model, 0, tf.Variable(0, dtype=tf.int64)):
        pass
    draws = [model(ONES, training=True).numpy() for _ in range(2)]
    assert np.any(draws[0] != draws[1])


def test_replicas_draw_for_themselves(replicas):
    with replicas.scope():
        model = network()
        step = tf.Variable(5, dtype=tf.int64)

    @tf.function
    def draw():
        return replicas.run(lambda: model(ONES, training=True))

    with draws_by_step(model, 0, step):
        parts = replicas.experimental_local_results(draw())
        again = replicas.experimental_local_results(draw())
    assert np.any(parts[0].numpy() != parts[1].numpy())
    np.testing.assert_array_equal(parts[0], again[0])
    np.testing.assert_array_equal(parts[1], again[1])


def test_a_trained_network_does_not_hold_the_step(tmp_path):
    """Or TensorFlow could not save a function that drops."""
    model = network()
    with draws_by_step(model, 0, tf.Variable(0, dtype=tf.int64)):
        model(ONES, training=True)
    module = tf.Module()
    module.call = tf.function(
        lambda x: model(x, training=True)
    ).get_concrete_function(tf.TensorSpec([None, 40]))
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert np.any(loaded.call(tf.constant(ONES)).numpy() == 0)
