"""The L2 term of kernels."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.weight_decay import WeightDecay, sum_of_losses


def dense(kernel, regularizer):
    return keras.layers.Dense(
        2,
        use_bias=False,
        kernel_initializer=keras.initializers.Constant(kernel),
        kernel_regularizer=regularizer,
    )


@pytest.fixture
def network():
    """Kernels 2 x 2 of 3s, 2s, 1s and 5s."""
    return keras.Sequential(
        [
            keras.Input([2]),
            dense(3.0, WeightDecay(0.5)),
            dense(2.0, WeightDecay(0.5)),
            dense(1.0, WeightDecay(0.25)),
            dense(5.0, keras.regularizers.L1L2(0.25, 0.5)),
        ]
    )


def test_by_hand(network):
    """0.5 * 36 / 2, 0.5 * 16 / 2, 0.25 * 4 / 2, and 0.25 * 20 + 0.5 * 100."""
    np.testing.assert_array_equal(network.losses, [9, 4, 0.5, 55])
    assert sum_of_losses(network) == 68.5
    np.testing.assert_array_equal(network.losses, [9, 4, 0.5, 55])


def test_vectors_are_spared():
    """2 x 2 of 3s, and 2 of 3s: 0.5 * 36 / 2, with 0.5 * 18 / 2 or without."""
    decay = WeightDecay(0.5)
    layer = keras.layers.Dense(
        2,
        kernel_initializer=keras.initializers.Constant(3.0),
        bias_initializer=keras.initializers.Constant(3.0),
        kernel_regularizer=decay,
        bias_regularizer=decay,
    )
    network = keras.Sequential([keras.Input([2]), layer])
    assert sum_of_losses(network) == 13.5
    assert sum_of_losses(network, vectors=False) == 9
    norm = BatchNorm(scale=True)
    norm.gamma_regularizer = norm.beta_regularizer = decay
    only = keras.Sequential([keras.Input([2]), norm])
    # Of gamma, two ones.
    assert sum_of_losses(only) == 0.5
    assert sum_of_losses(only, vectors=False) == 0


def test_nothing():
    assert sum_of_losses(keras.Sequential([keras.Input([2])])) == 0


def test_gradients_are_those_of_each_by_itself(network, seed):
    """To the bit: weight_decay * w."""
    weights = network.trainable_variables
    for weight in weights:
        weight.assign(tf.random.normal(weight.shape))
    with tf.GradientTape(persistent=True) as tape:
        together, each = sum_of_losses(network), tf.add_n(network.losses)
    for one, other in zip(
        tape.gradient(together, weights),
        tape.gradient(each, weights),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        tape.gradient(together, weights[2]), 0.25 * weights[2]
    )


def test_a_step_does_not_depend_on_the_replicas(network, replicas):
    """Of no loss but this: 3 - 0.1 * 0.5 * 3, whoever shares the batch."""
    for strategy in (tf.distribute.get_strategy(), replicas):
        with strategy.scope():
            copy = keras.models.clone_model(network)
            copy.set_weights(network.get_weights())
            trainer = StreamTrainer(copy)
            trainer.compile(keras.optimizers.SGD(0.1), loss=nothing)
        trainer.fit(np.ones([4, 2]), np.ones([4]), batch_size=4, verbose=0)
        np.testing.assert_allclose(copy.weights[0], 2.85, rtol=1e-6)
        np.testing.assert_allclose(copy.weights[2], 0.975, rtol=1e-6)


def nothing(labels, logits):
    return 0 * logits[:, 0]


def test_it_is_saved_with_its_layer():
    layer = dense(1.0, WeightDecay(0.3))
    layer = keras.layers.deserialize(keras.layers.serialize(layer))
    assert layer.kernel_regularizer.weight_decay == 0.3
