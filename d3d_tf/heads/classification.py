"""From a trunk's last feature map to class scores."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import Dropout
from d3d_tf.layers.weight_decay import WeightDecay

POOLINGS = ("overlapping", "global")


class ClassificationHead(keras.layers.Layer):
    """Average, dropout, 1x1x1 convolution, mean over what is left.

    The original head averages windows of 2 x 7 x 7 features with stride 1, so
    that windows overlap in time and the first and the last feature frame weigh
    half. A window is never longer than the map (TF-Slim's rule). Maps larger
    than 7 x 7 leave several windows in space, which the originals refuse; we
    average their logits too.

    Input `[batch, time, height, width, C]` features, output
    `[batch, num_classes]` float32 logits; `pooled` gives `[batch, C]`.

    Args:
      num_classes: number of outputs.
      pooling: `overlapping` for these windows; `global` for one mean over the
        whole map. They are the same up to two feature frames (16 frames of a
        clip) and 7 x 7 features.
      dropout: share of pooled features set to zero in training, drawn anew for
        every window (0.2 in S3D-G).
      weight_decay: as in `UnitOptions`.

    Raises:
      ValueError: `pooling` is neither.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        dropout: float = 0.2,
        pooling: str = "overlapping",
        weight_decay: float = 1e-7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be one of {', '.join(POOLINGS)}; got "
                f"{pooling!r}."
            )
        self.pooling = pooling
        self.dropout = Dropout(dropout, name="Dropout")
        self.logits = keras.layers.Conv3D(
            num_classes,
            1,
            kernel_initializer="glorot_uniform",
            kernel_regularizer=WeightDecay(weight_decay),
            name="Conv2d_0c_1x1",
            dtype="float32",
        )

    def call(self, features, training=None):
        windows = self._windows(features)
        windows = self.dropout(windows, training=training)
        return tf.reduce_mean(self.logits(windows), axis=[1, 2, 3])

    def pooled(self, features):
        """`[batch, C]` float32: the mean of what the logits are made of."""
        windows = tf.cast(self._windows(features), tf.float32)
        return tf.reduce_mean(windows, axis=[1, 2, 3])

    def _windows(self, features):
        """`[batch, t', h', w', C]`: the averages, in any float type."""
        if self.pooling == "global":
            whole = tf.reduce_mean(
                tf.cast(features, tf.float32), axis=[1, 2, 3], keepdims=True
            )
            return tf.cast(whole, features.dtype)
        shape = tf.shape(features)

        def sliding_mean(axis: int, longest: int):
            """`[windows, size]`; row i is 1 / window from column i on."""
            size = shape[axis]
            window = tf.minimum(size, longest)
            ones = tf.ones([size - window + 1, size], features.dtype)
            return tf.linalg.band_part(ones, 0, window - 1) / tf.cast(
                window, features.dtype
            )

        # Matrices rather than a pooling layer: its window must be known when
        # the graph is built, and time and size here need not be.
        return tf.einsum(
            "bthwc,it,jh,kw->bijkc",
            features,
            sliding_mean(1, 2),
            sliding_mean(2, 7),
            sliding_mean(3, 7),
        )
