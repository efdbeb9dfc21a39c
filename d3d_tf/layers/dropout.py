"""Dropout that can be drawn as a function of the step."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.passes import draw_in_step


class Dropout(keras.layers.Dropout):
    """Keras' dropout, with draws that can depend on a key.

    Keras counts its draws, and no checkpoint holds the count: a resumed
    training would not drop the same units as an uninterrupted one. With a
    `key`, a draw is a function of that key alone.

    Attributes:
      key: returns int32 `[2]`; None: draw as Keras does.
    """

    key: Callable[[], tf.Tensor] | None = None

    def call(self, inputs, training=None):
        if not training or self.key is None:
            return super().call(inputs, training=training)
        return tf.nn.experimental.stateless_dropout(
            inputs, self.rate, seed=self.key()
        )


@contextlib.contextmanager
def draws_by_step(network, seed: int, step: tf.Variable) -> Iterator[None]:
    """While entered, a `Dropout` is a function of seed, step, replica, pass.

    Afterwards they draw as Keras does: a graph that is traced then, for an
    export, must not depend on a step.

    Args:
      network: any Keras model.
      seed: of the training.
      step: integer scalar, the optimizer's count of steps.
    """

    def key():
        replica = tf.distribute.get_replica_context()
        draw = (
            tf.cast(step, tf.int32) * replica.num_replicas_in_sync
            + replica.replica_id_in_sync_group
        )
        return tf.stack([seed, draw_in_step(draw)])

    layers = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, Dropout)
    ]
    for layer in layers:
        layer.key = key
    try:
        yield
    finally:
        for layer in layers:
            layer.key = None
