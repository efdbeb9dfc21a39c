"""Statistics of many batches, by hand and by NumPy; one replica or two."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.dropout import Dropout
from d3d_tf.training.precise_batch_norm import settle_statistics
from d3d_tf.training.strategy import make_strategy

ONE = ["/cpu:0"]
TWO = None  # All there are.


def settled(clips, batch, devices, *layers, seed=0):
    """The layers after it, `[n, 1, 1, 1, C]` clips in batches."""
    strategy = make_strategy(batch, devices)
    with strategy.scope():
        network = keras.Sequential([make() for make in layers])
        network.build((None, *clips.shape[1:]))
    data = tf.data.Dataset.from_tensor_slices(clips).batch(batch)
    settle_statistics(network, strategy, data, seed=seed)
    return network.layers


def test_by_hand():
    """Batches 1, 3 and 5, 9: means 2 and 7, variances 1 and 4.

    Unbiased: 2 and 8. The first weights of the moving averages are forgotten.
    """
    clips = np.float32([1, 3, 5, 9]).reshape(4, 1, 1, 1, 1)
    for unbiased, variance in ((False, 2.5), (True, 5.0)):
        (layer,) = settled(
            clips,
            2,
            ONE,
            lambda u=unbiased: BatchNorm(momentum=0.7, unbiased=u),
        )
        np.testing.assert_allclose(layer.moving_mean, [4.5], rtol=1e-6)
        np.testing.assert_allclose(layer.moving_variance, [variance], rtol=1e-6)
        assert layer.momentum == 0.7


def test_a_layer_sees_what_training_shows_it():
    """The second of two normalises what the first made of each batch.

    With epsilon 0 that is -1 and 1 in both batches: mean 0, variance 1.
    """
    clips = np.float32([1, 3, 5, 9]).reshape(4, 1, 1, 1, 1)
    _, second = settled(clips, 2, ONE, *2 * [lambda: BatchNorm(epsilon=0)])
    np.testing.assert_allclose(second.moving_mean, [0], atol=1e-6)
    np.testing.assert_allclose(second.moving_variance, [1], rtol=1e-6)


@pytest.mark.parametrize("synchronized", [True, False])
def test_two_replicas(synchronized):
    """Synchronised as one; else each replica's part is a batch of its own."""
    rng = np.random.default_rng(3)
    clips = np.float32(rng.normal(size=(8, 2, 3, 3, 2)))
    (two,) = settled(
        clips, 4, TWO, lambda: BatchNorm(synchronized=synchronized)
    )
    (one,) = settled(clips, 4 if synchronized else 2, ONE, BatchNorm)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(
            getattr(two, name), getattr(one, name), atol=1e-6
        )


def test_dropout_is_drawn_by_the_seed():
    clips = np.ones((8, 1, 1, 1, 16), np.float32)

    def mean(seed):
        layers = (lambda: Dropout(0.5), BatchNorm)
        return settled(clips, 4, ONE, *layers, seed=seed)[1].moving_mean

    np.testing.assert_array_equal(mean(1), mean(1))
    assert np.any(mean(1).numpy() != mean(2).numpy())


def test_frozen_layers_keep_theirs():
    def frozen():
        layer = BatchNorm()
        layer.frozen_statistics = True
        return layer

    clips = np.ones((4, 1, 1, 1, 1), np.float32)
    layer, moved = settled(clips, 2, ONE, frozen, BatchNorm)
    np.testing.assert_array_equal(layer.moving_mean, [0])
    assert moved.moving_mean.numpy() != 0
