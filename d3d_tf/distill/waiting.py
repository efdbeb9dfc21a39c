"""How long training steps wait for their data."""

import functools
import time
from typing import Any

import tensorflow as tf

from d3d_tf.keras_api import keras


class WaitsForData(keras.Model):
    """A model whose `fit` adds up the seconds that steps wait for a batch.

    It is the time in which the loop that starts the steps has none. On a GPU,
    which may still be busy with the steps before, it is the most that a quicker
    input could win.
    """

    train_function: Any  # Keras'.

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # In a closure, as Keras would save the variable with the weights. Not
        # mirrored either: it is the host's.
        with tf.init_scope(), tf.device("cpu"):
            waited = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._get_waited = lambda: waited

    @property
    def waited(self) -> float:
        """Seconds, of all steps since it was made."""
        return float(self._get_waited().numpy())

    def make_train_function(self, force=False):
        made = self.train_function
        function = super().make_train_function(force)
        if function is made:
            return function

        @functools.lru_cache(maxsize=1)  # Another object is traced anew.
        def timed(iterator):
            return _Timed(iterator, self._get_waited())

        self.train_function = lambda iterator: function(timed(iterator))
        return self.train_function


class _Timed:
    """An iterator that adds to `waited` what `next` takes, in the graph."""

    def __init__(self, iterator, waited):
        self._iterator = iterator
        self._waited = waited

    def __next__(self):
        begin = _now()
        with tf.control_dependencies([begin]):
            batch = next(self._iterator)
        arrived = tf.nest.flatten(batch, expand_composites=True)
        with tf.control_dependencies(arrived):
            counted = self._waited.assign_add(_now() - begin)
        # Else a busy processor looks at the clock when the step is over.
        with tf.control_dependencies([counted]):
            return tf.nest.map_structure(_same, batch, expand_composites=True)


def _same(tensor):
    """The tensor where it is, after what is waited for."""
    with tf.device(tensor.device):
        return tf.identity(tensor)


def _now():
    """Seconds, when it is computed; op determinism forbids `tf.timestamp`."""
    return tf.numpy_function(time.perf_counter, [], tf.float64)
