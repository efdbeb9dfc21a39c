"""Optimisers: kind, momentum, and the rate at four steps."""

import math

import pytest
import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.keras_api import keras
from d3d_tf.training.schedules import make_optimizer


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_rate_is_half_a_cosine(kind):
    """(1 + cos(pi s / steps)) / 2 of 0.4, s of 200 steps."""
    recipe = TrainRecipe(optimizer=kind, learning_rate=0.4, steps=200)
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    for step, share in (
        (0, 1),
        (50, (1 + math.sqrt(0.5)) / 2),
        (100, 0.5),
        (200, 0),
    ):
        assert float(rate(step)) == pytest.approx(0.4 * share, abs=1e-7)


def test_rate_falls_in_steps():
    """70 steps: 5/7 of them are 50, 6/7 are 60."""
    recipe = TrainRecipe(learning_rate=0.4, steps=70, schedule="steps")
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    expected = {0: 0.4, 50: 0.4, 51: 0.04, 60: 0.04, 61: 0.004, 69: 0.004}
    for step, value in expected.items():
        assert float(rate(step)) == pytest.approx(value)


def test_rate_rises_first():
    """From 0.1 in 50 steps to what half a cosine of 0.4 in 200 has there."""
    recipe = TrainRecipe(
        learning_rate=0.4, steps=200, warmup_steps=50, warmup_from=0.1
    )
    rate = keras.optimizers.schedules.deserialize(
        make_optimizer(recipe).get_config()["learning_rate"]
    )
    top = 0.4 * (1 + math.sqrt(0.5)) / 2
    for step, value in {
        0: 0.1,
        25: (0.1 + top) / 2,
        50: top,
        100: 0.2,
        200: 0,
    }.items():
        assert float(rate(step)) == pytest.approx(value, abs=1e-7)


def test_kinds():
    adam = make_optimizer(TrainRecipe(optimizer="adam"))
    sgd = make_optimizer(TrainRecipe(optimizer="sgd", momentum=0.7))
    assert isinstance(adam, keras.optimizers.Adam)
    assert isinstance(sgd, keras.optimizers.SGD)
    assert sgd.momentum == 0.7 and not sgd.nesterov


def test_nesterov_by_hand():
    """As below: m = -0.1, w = 0.5 m - 0.1 = -0.15; m = -0.1, w -= 0.1."""
    recipe = TrainRecipe(
        *("rgb", 2), learning_rate=0.1, momentum=0.5, nesterov=True
    )
    optimizer = make_optimizer(recipe)
    weight = tf.Variable(0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == pytest.approx(-0.25)


def test_two_steps_of_sgd_by_hand():
    """Gradient 1 twice, rate 0.1 then 0.05, momentum 0.5, from 0.

    Keras: m = 0.5 m - rate g: -0.1, then -0.05 - 0.05 = -0.1; w = -0.2.
    """
    recipe = TrainRecipe(
        optimizer="sgd", learning_rate=0.1, steps=2, momentum=0.5
    )
    optimizer = make_optimizer(recipe)
    weight = tf.Variable(0.0)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == pytest.approx(-0.2)
