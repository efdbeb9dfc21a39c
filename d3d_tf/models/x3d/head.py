"""X3D's head: windows, a wide layer, a classifier, the mean of soft-maxes."""

import math

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import Dropout
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.x3d.blocks import convolution
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import STRIDE


class X3DHead(keras.layers.Layer):
    """Average of windows, 1x1x1 convolution, ReLU, dropout, classifier.

    A window is as large as the features of the clips that the network was
    trained on, and moves by one place. A larger clip, as in a test with 30
    views, has several: SlowFast takes the soft-max at each and then the mean.
    So that callers need not know, the logits here are those whose soft-max is
    that mean,

        log mean_p exp(z_p - lse_p) + mean_p lse_p,   lse = log sum exp z,

    of the logits z_p of each window; of one window they are z itself. A window
    is never longer than the features are (for a shorter clip it is all of it).

    Input `[batch, time, height, width, C]` features, output
    `[batch, num_classes]` float32 logits; `pooled` gives `[batch, C]`.

    Args:
      num_classes: number of outputs.
      recipe: of the network.
    """

    def __init__(self, num_classes: int, recipe: X3DRecipe, **kwargs):
        super().__init__(**kwargs)
        expansion = recipe.expansion
        side = math.ceil(expansion.size / STRIDE)
        self._window = (expansion.frames, side, side)
        self.lin_5 = convolution(
            recipe.head_channels, (1, 1, 1), recipe, "lin_5", activation="relu"
        )
        self.dropout = Dropout(recipe.dropout, name="dropout")
        decay = WeightDecay(recipe.weight_decay)
        self.projection = keras.layers.Conv3D(
            num_classes,
            1,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            kernel_regularizer=decay,
            bias_regularizer=decay,
            name="projection",
            dtype="float32",
        )

    def call(self, features, training=None):
        net = self.dropout(self.hidden(features), training=training)
        return joined(self.projection(net))

    def hidden(self, features):
        """`[batch, t', h', w', head_channels]`: a vector of each window."""
        return self.lin_5(sliding_means(features, self._window))

    def pooled(self, features):
        """`[batch, C]` float32: the mean of what the logits are made of."""
        windows = tf.cast(sliding_means(features, self._window), tf.float32)
        return tf.reduce_mean(windows, axis=[1, 2, 3])


def joined(logits):
    """The logits whose soft-max is the mean of the places' soft-maxes.

    Args:
      logits: float32 `[batch, t, h, w, classes]`; those of a single place are
        returned, to the bit.
    """
    places = [1, 2, 3]
    levels = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    level = tf.reduce_mean(levels, axis=places, keepdims=True)
    middle = tf.reduce_mean(logits, axis=places, keepdims=True)
    # Both differences are 0 if there is one place.
    relative = (logits - middle) - (levels - level)
    count = tf.reduce_prod(tf.shape(logits)[1:4])
    summed = tf.reduce_logsumexp(relative, axis=places)
    return middle[:, 0, 0, 0] + summed - tf.math.log(tf.cast(count, tf.float32))


def sliding_means(features, window: tuple[int, int, int]):
    """Means of windows with stride 1, in any float type.

    Args:
      features: `[batch, time, height, width, C]`.
      window: lengths, each at most that of the features.

    Returns:
      `[batch, t', h', w', C]`.
    """
    known = features.shape[1:4]
    if all(
        n is not None and n <= w for n, w in zip(known, window, strict=True)
    ):
        whole = tf.reduce_mean(
            tf.cast(features, tf.float32), axis=[1, 2, 3], keepdims=True
        )
        return tf.cast(whole, features.dtype)
    shape = tf.shape(features)

    def means(axis: int):
        """`[windows, size]`; row i is 1 / window from column i on."""
        size = shape[axis]
        length = tf.minimum(size, window[axis - 1])
        ones = tf.ones([size - length + 1, size])
        rows = tf.linalg.band_part(ones, 0, length - 1)
        return tf.cast(rows / tf.cast(length, tf.float32), features.dtype)

    # Matrices rather than a pooling layer, whose window must be known when the
    # graph is built; time and size here need not be.
    return tf.einsum(
        "bthwc,it,jh,kw->bijkc", features, means(1), means(2), means(3)
    )
