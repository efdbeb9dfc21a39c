"""The time that steps wait for data, of data that come at a known pace."""

import time

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras
from d3d_tf.training.strategy import make_strategy
from tests.harness import tiny_network

STEPS, PAUSE = 9, 0.1


def batches(pause: float) -> tf.data.Dataset:
    """Made when they are asked for."""

    def make():
        for _ in range(STEPS):
            time.sleep(pause)
            yield (
                {"frames": np.zeros([2, 4, 16, 16, 3], np.float32)},
                np.zeros([2], np.int64),
            )

    like = (
        {"frames": tf.TensorSpec([2, 4, 16, 16, 3])},
        tf.TensorSpec([2], tf.int64),
    )
    data = tf.data.Dataset.from_generator(make, output_signature=like)
    return data.apply(tf.data.experimental.assert_cardinality(STEPS))


@pytest.mark.parametrize("together", [1, 3])
def test_what_steps_wait(together):
    """At most the whole pause of every batch, also of several in one go."""
    with make_strategy(2, ["/cpu:0"]).scope():
        trainer = StreamTrainer(tiny_network())
        trainer.compile(steps_per_execution=together)
    traced = []
    step = trainer.train_step
    trainer.train_step = lambda data: traced.append(1) or step(data)
    trainer.fit(batches(0.0), verbose=0)
    assert trainer.waited < STEPS * PAUSE / 2
    before, begin = trainer.waited, time.perf_counter()
    trainer.fit(batches(PAUSE), verbose=0)
    waited = trainer.waited - before
    assert waited > STEPS * PAUSE / 2
    assert waited < time.perf_counter() - begin
    assert len(trainer.weights) == len(trainer.network.weights)
    # Once for each `fit`, not for each step.
    assert len(traced) <= 6


def test_a_busy_step_is_no_wait():
    """Many operations are ready when a batch is; none may come before the
    clock is read.
    """
    branches = [keras.layers.Dense(1500) for _ in range(24)]
    inputs = keras.Input([1500])
    logits = keras.layers.Dense(3)(
        keras.layers.Average()([branch(inputs) for branch in branches])
    )
    trainer = StreamTrainer(keras.Model(inputs, logits))
    trainer.compile()
    batch = {"frames": np.zeros([64, 1500], np.float32)}, np.zeros([64], int)
    data = tf.data.Dataset.from_tensors(batch).repeat()
    trainer.fit(data, steps_per_epoch=2, verbose=0)
    before, begin = trainer.waited, time.perf_counter()
    trainer.fit(data, steps_per_epoch=12, verbose=0)
    share = (trainer.waited - before) / (time.perf_counter() - begin)
    assert share < 0.1
