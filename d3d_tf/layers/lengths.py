"""The lengths of a tensor's axes, as far as they are known."""

import numpy as np
import tensorflow as tf


def lengths(tensor) -> list:
    """One length per axis: an int if it is known, else an int32 scalar tensor.

    Results of ints alone are not part of the graph: a training, whose clips all
    have one shape, is traced in half the time.
    """
    known = tensor.shape.as_list()
    if None not in known:
        return known
    found = tf.unstack(tf.shape(tensor))
    return [
        there if length is None else length
        for length, there in zip(known, found, strict=True)
    ]


def as_float32(length):
    """A length, or a product of lengths, as a float; known if they are."""
    if isinstance(length, int):
        return np.float32(length)
    return tf.cast(length, tf.float32)
