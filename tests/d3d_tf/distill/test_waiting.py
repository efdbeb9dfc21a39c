"""The time that steps wait for data, of data that come at a known pace."""

import time

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
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
