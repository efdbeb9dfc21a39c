"""tf.data without its tuner, for which the end of a training had to wait.

The tuner is a thread of each iterator that sleeps longer and longer, up to a
minute. When the iterator is deleted, the thread is woken and looks whether it
was cancelled. TensorFlow marks it so only after the wake-up: a thread that is
quick goes back to sleep, and the program waits for it. On a busy machine that
happened to one iterator in five (2.15).
"""

import tensorflow as tf


def untuned(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The same without a tuner.

    What is as parallel as `AUTOTUNE` says then takes 16 threads, or as many as
    there are cores if they are fewer.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
