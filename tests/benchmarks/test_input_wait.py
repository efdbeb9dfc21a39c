"""The share of waiting, with steps and data that take known times."""

import time

import tensorflow as tf

from benchmarks.input_wait import WARM_UP, share


def slow_data(seconds):
    """Endless numbers, each after a while."""

    def numbers():
        number = 0
        while True:
            time.sleep(seconds)
            yield number
            number += 1

    spec = tf.TensorSpec([], tf.int64)
    return tf.data.Dataset.from_generator(numbers, output_signature=spec)


def test_waiting_is_the_time_of_the_data():
    """Data of 50 ms and steps of 5 ms: ten elevenths of the time.

    Nine tenths if TensorFlow makes the next ones during a step.
    """
    seen = []

    def step(batch):
        seen.append(int(batch))
        time.sleep(0.005)

    found = share(slow_data(0.05), step, 5)
    assert seen == list(range(WARM_UP + 5))
    assert 0.7 < found["waiting"] < 1
    # The first of them may have been made while TensorFlow warmed up.
    assert found["ms_per_step"] >= 45


def test_data_that_are_ready_are_not_waited_for():
    data = tf.data.Dataset.range(100).prefetch(100)
    assert share(data, lambda batch: time.sleep(0.02), 5)["waiting"] < 0.2
