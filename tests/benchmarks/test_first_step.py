"""The benchmark of the first step: its table, and what its clock sees."""

import time

import tensorflow as tf

from benchmarks.first_step import PAGE, Clock, markdown
from d3d_tf.keras_api import keras


def test_table():
    text = markdown(
        {
            "processor": "P",
            "cores": 2,
            "tensorflow": "2.15.1",
            "rows": [
                {
                    "name": "teacher",
                    "first_step_seconds": 7.04,
                    "first_step_processor_seconds": 6.96,
                    "later_step_seconds": 0.151,
                    "nodes": 7612,
                }
            ],
        }
    )
    assert "| teacher | 7,612 | 7.0 s | 7.0 s | 0.15 s |" in text
    assert "P, 2 cores, TensorFlow 2.15.1" in text


def test_every_step_is_timed():
    """A layer that sleeps 0.2 s while it is traced, once."""

    class Slow(keras.layers.Layer):
        def call(self, inputs):
            if not tf.executing_eagerly():
                time.sleep(0.2)
            return inputs

    model = keras.Sequential([Slow(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    clock = Clock()
    model.fit(
        tf.ones([3, 2]),
        tf.ones([3]),
        batch_size=1,
        verbose=0,
        callbacks=[clock],
    )
    first, *later = [wall for wall, _ in clock.spent]
    assert first >= 0.2
    assert len(later) == 2 and min(later) < 0.2


def test_the_page_has_the_place_for_the_results():
    text = PAGE.read_text()
    assert text.count("<!-- first step -->\n") == 1
    assert text.count("<!-- /first step -->") == 1
