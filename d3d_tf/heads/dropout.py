"""Dropout that can be drawn as a function of the step."""

from collections.abc import Callable

import tensorflow as tf

from d3d_tf.keras_api import keras


class Dropout(keras.layers.Dropout):
    """Keras' dropout, whose draws may be given a key.

    Keras counts its draws, and no checkpoint holds the count: a training that
    goes on would not drop what it would have dropped without the break. With
    a `key`, a draw is a function of that key alone.

    Attributes:
      key: returns int32 `[2]`; None: as Keras draws.
    """

    key: Callable[[], tf.Tensor] | None = None

    def call(self, inputs, training=None):
        if not training or self.key is None:
            return super().call(inputs, training=training)
        return tf.nn.experimental.stateless_dropout(
            inputs, self.rate, seed=self.key()
        )


def draw_by_step(network, seed: int, step: tf.Variable) -> None:
    """Makes every `Dropout` in a network a function of (seed, step, replica).

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
        return tf.stack([seed, draw])

    _give(network, key)


def draw_as_keras(network) -> None:
    """Undoes `draw_by_step`: a network that is exported knows no optimizer."""
    _give(network, None)


def _give(network, key) -> None:
    for layer in network._flatten_layers():
        if isinstance(layer, Dropout):
            layer.key = key
