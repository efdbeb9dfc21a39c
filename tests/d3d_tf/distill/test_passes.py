"""A step of several passes is that of as many times more replicas."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import TermRecipe
from d3d_tf.distill.distiller import Distiller
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from tests.harness import one_device, randomize, tiny_network, train_once
from tests.harness.step import CLOSE, check_resume, same_weights

PENALTY = 0.05


def clips(count) -> tuple:
    """Clips, RGB and flow, labels and weights, that differ in scale."""
    rng = np.random.default_rng(0)
    scale = np.arange(1, count + 1).reshape(-1, 1, 1, 1, 1)
    inputs = {
        name: np.float32(rng.normal(0, 1, [count, 2, 3, 3, channels]) * scale)
        for name, channels in (("frames", 3), ("flow", 2))
    }
    return inputs, np.arange(count) % 3, np.float32(0.5 + np.arange(count))


def batch(count):
    return tf.data.Dataset.from_tensor_slices(clips(count)).batch(count)


def stream() -> StreamTrainer:
    return StreamTrainer(tiny_network(weight_decay=PENALTY))


def distiller() -> Distiller:
    teacher = tiny_network(2)
    randomize(teacher, seed=1)
    return Distiller(
        teacher,
        tiny_network(weight_decay=PENALTY),
        terms=(TermRecipe(weight=3.0),),
    )


def in_passes(make, passes):
    def made():
        trainer = make()
        trainer.passes = passes
        return trainer

    return made


@pytest.mark.parametrize(
    "make", [stream, pytest.param(distiller, marks=pytest.mark.large)]
)
def test_two_passes_are_two_replicas(replicas, make):
    """Loss, metrics, weights and moving averages; weighted clips."""
    expected, weights = train_once(replicas, make, batch(6))
    logs, found = train_once(one_device(), in_passes(make, 2), batch(6))
    assert logs == pytest.approx(expected, rel=1e-5)
    same_weights(found, weights, **CLOSE)
    _, whole = train_once(one_device(), make, batch(6))
    with pytest.raises(AssertionError):  # The groups do matter.
        same_weights(found, whole, **CLOSE)


@pytest.mark.parametrize(
    "make", [distiller, pytest.param(stream, marks=pytest.mark.large)]
)
def test_passes_of_replicas(replicas, make):
    """Two replicas of two passes are four passes of one device."""
    expected, weights = train_once(
        one_device(), in_passes(make, 4), batch(8), keras.optimizers.Adam
    )
    logs, found = train_once(
        replicas, in_passes(make, 2), batch(8), keras.optimizers.Adam
    )
    assert logs == pytest.approx(expected, rel=1e-5)
    same_weights(found, weights, **CLOSE)


def test_without_batch_norm_passes_change_nothing():
    def make():
        return StreamTrainer(
            tiny_network(batch_norm=False, weight_decay=PENALTY)
        )

    expected, weights = train_once(one_device(), make, batch(6))
    for passes in 2, 3, 6:
        trainer = in_passes(make, passes)
        logs, found = train_once(one_device(), trainer, batch(6))
        assert logs == pytest.approx(expected, rel=1e-5)
        same_weights(found, weights, **CLOSE)


def test_with_a_scaled_loss(precision):
    """float16: the scale is taken out of every pass."""
    precision("mixed_float16")

    def make():
        return StreamTrainer(
            tiny_network(batch_norm=False, weight_decay=PENALTY)
        )

    _, weights = train_once(one_device(), make, batch(6))
    start = make().network
    randomize(start)
    _, found = train_once(one_device(), in_passes(make, 3), batch(6))
    for before, one, other in zip(
        start.get_weights(), found, weights, strict=True
    ):
        moved = np.abs(other - before).max()
        np.testing.assert_allclose(one, other, atol=0.02 * moved)


def test_a_resumed_training_draws_the_same(tmp_path):
    """Stopped after a step and resumed, a training ends in the same bits."""

    def make():
        return StreamTrainer(tiny_network(dropout=0.5, weight_decay=PENALTY))

    inputs, labels, _ = clips(12)
    data = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(6)
    check_resume(in_passes(make, 3), data, tmp_path / "state")


def test_a_variable_that_no_pass_reaches_stays():
    """As with one pass; the optimiser makes nothing of it."""
    network = tiny_network()
    network.unused = network.add_weight(name="unused", shape=[2])
    trainer = StreamTrainer(network)
    trainer.passes = 2
    trainer.compile(keras.optimizers.SGD(1.0))
    before = network.unused.numpy()
    trainer.fit(batch(4), verbose=0)
    np.testing.assert_array_equal(network.unused, before)
