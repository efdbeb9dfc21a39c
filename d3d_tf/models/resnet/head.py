"""The head of TSN and TSM: the mean over pixels and frames, a classifier."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import Dropout
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.resnet.config import ResNetRecipe


class FrameHead(keras.layers.Layer):
    """TSN: mean over pixels and frames, dropout, classifier. TSM classifies
    each frame and takes the mean then: in inference the same numbers.

    Input `[batch, time, height, width, C]` features, output
    `[batch, num_classes]` float32 logits; `pooled` gives `[batch, C]`.

    Args:
      num_classes: number of outputs.
      recipe: of the network.
    """

    def __init__(self, num_classes: int, recipe: ResNetRecipe, **kwargs):
        super().__init__(**kwargs)
        self._by_frame = recipe.layout.shifted
        self.dropout = Dropout(recipe.dropout, name="dropout")
        decay = WeightDecay(recipe.weight_decay)
        # As MMAction2 starts them.
        deviation = 0.001 if self._by_frame else 0.01
        self.fc_cls = keras.layers.Conv3D(
            num_classes,
            1,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=deviation
            ),
            kernel_regularizer=decay,
            bias_regularizer=decay,
            name="fc_cls",
            dtype="float32",
        )

    def call(self, features, training=None):
        net = _mean(features, [2, 3])
        if not self._by_frame:
            net = _mean(net, [1])
        net = self.dropout(tf.cast(net, features.dtype), training=training)
        return tf.reduce_mean(self.fc_cls(net), axis=[1, 2, 3])

    def pooled(self, features):
        """`[batch, C]` float32: the mean of what the logits are made of."""
        return _mean(_mean(features, [2, 3]), [1])[:, 0, 0, 0]


def _mean(features, axes: list[int]):
    """Float32, with the same axes."""
    return tf.reduce_mean(tf.cast(features, tf.float32), axes, keepdims=True)
