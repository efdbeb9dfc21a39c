"""The share of waiting, with steps and data that take known times."""

import time

import pytest
import tensorflow as tf

from benchmarks.waiting import WARM_UP, share


def slow_data(seconds):
    """Endless numbers, each after a while; nothing is made ahead."""

    def numbers():
        number = 0
        while True:
            time.sleep(seconds)
            yield number
            number += 1

    spec = tf.TensorSpec([], tf.int64)
    return tf.data.Dataset.from_generator(numbers, output_signature=spec)


def test_waiting_is_the_time_of_the_data():
    """Data of 30 ms and steps of 10 ms: three quarters of the time."""
    seen = []

    def step(batch):
        seen.append(int(batch))
        time.sleep(0.01)

    found = share(slow_data(0.03), step, 5)
    assert seen == list(range(WARM_UP + 5))
    assert found["waiting"] == pytest.approx(0.75, abs=0.15)
    assert found["ms_per_step"] >= 40


def test_data_that_are_ready_are_not_waited_for():
    data = tf.data.Dataset.range(100).prefetch(100)
    assert share(data, lambda batch: time.sleep(0.02), 5)["waiting"] < 0.2
