"""The classifier of NeXtVLAD."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.nextvlad.aggregation import dense


class LogisticHead(keras.layers.Layer):
    """One logistic regression for each class.

    Input `[batch, 1, C]`, output `[batch, num_classes]` float32 logits;
    `pooled` gives `[batch, C]`.

    Args:
      num_classes: number of outputs.
      weight_decay: of weights and biases, see `WeightDecay`.
    """

    def __init__(self, num_classes: int, weight_decay: float, **kwargs):
        super().__init__(**kwargs)
        decay = WeightDecay(weight_decay)
        self.fully_connected = dense(
            num_classes,
            "fully_connected",
            kernel_regularizer=decay,
            bias_regularizer=decay,
            dtype="float32",
        )

    def call(self, features, training=None):
        return self.fully_connected(self.pooled(features))

    def pooled(self, features):
        """`[batch, C]` float32: what the logits are made of."""
        return tf.cast(features[:, 0], tf.float32)
