"""What comes before and after NeXtVLAD's aggregation, by the same code."""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import Dropout
from d3d_tf.models.nextvlad.aggregation import Aggregation, dense, norm_of
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.streams import FEATURES

# What PCA's whitening of YouTube-8M added to its features.
_OFFSET = 4.0 / 512.0


class Whitening(keras.layers.Layer):
    """Undoes the whitening of a PCA in the features of the pictures.

    x' = (x - 4/512) * deviation, of the first features; those of the sound
    stay. Padding is changed with the rest: it is no longer 0.

    Args:
      count: of the features of a picture, N.

    Attributes:
      deviations: float32 `[N]`, not trained; see `of_eigenvalues`.
    """

    def __init__(self, count: int = FEATURES["rgb"], **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def build(self, input_shape):
        self.deviations = self.add_weight(
            name="deviations",
            shape=[self.count],
            initializer="ones",
            trainable=False,
        )

    def call(self, inputs):
        pictures, sound = inputs[..., : self.count], inputs[..., self.count :]
        return tf.concat([(pictures - _OFFSET) * self.deviations, sound], -1)

    def of_eigenvalues(self, eigenvalues: np.ndarray) -> None:
        """Sets `deviations` to sqrt(eigenvalue) + 1e-4, of the first N."""
        values = np.float32(eigenvalues).ravel()[: self.count]
        self.deviations.assign(np.sqrt(values) + np.float32(1e-4))


class Streams(keras.layers.Layer):
    """Pictures and sound of a video, each aggregated, one after the other.

    `layer(inputs)` takes what `features_and_mask` gives, and returns
    `[batch, 1, width]`.

    Args:
      recipe: of the network.

    Attributes:
      whitening: `Whitening`, or None.
    """

    def __init__(self, recipe: NeXtVLADRecipe, **kwargs):
        super().__init__(**kwargs)
        self.whitening = None
        if recipe.eigenvalues is not None:
            self.whitening = Whitening(recipe.rgb_features, name="whitening")
        plain = recipe.is_plain
        self.widths = tuple(filter(None, recipe.widths.values()))
        layers = [
            Aggregation(
                1 if plain else groups,
                clusters,
                0 if plain else recipe.expansion,
                norm=norm_of(recipe),
                count_padding=recipe.count_padding,
                name=name,
            )
            for name, groups, clusters in (
                ("video_VLAD", recipe.groups, recipe.clusters),
                ("audio_VLAD", recipe.audio_groups, recipe.audio_clusters),
            )
        ]
        self.video = layers[0]
        self.audio = layers[1] if recipe.audio_features else None

    def call(self, inputs, training=None):
        features, mask = inputs
        features = self.whitened(features)
        parts = zip(
            [layer for layer in (self.video, self.audio) if layer],
            tf.split(features, self.widths, axis=-1),
            strict=True,
        )
        both = [layer((part, mask), training=training) for layer, part in parts]
        return tf.concat(both, axis=-1)[:, None]

    def whitened(self, features):
        """The features that are aggregated, `[batch, frames, channels]`."""
        features = tf.cast(features, self.compute_dtype)
        return self.whitening(features) if self.whitening else features


class Hidden(keras.layers.Layer):
    """Dropout, a dense layer without bias, batch normalisation; linear."""

    def __init__(self, recipe: NeXtVLADRecipe, **kwargs):
        super().__init__(**kwargs)
        self.dropout = Dropout(recipe.dropout, name="dropout")
        self.dense = dense(recipe.hidden, "hidden1_weights", use_bias=False)
        self.batch_norm = norm_of(recipe)(name="hidden1_bn")

    def call(self, inputs, training=None):
        net = self.dense(self.dropout(inputs, training=training))
        return self.batch_norm(net, training=training)


class ContextGate(keras.layers.Layer):
    """Multiplies a vector by a gate of all of it, as squeeze-and-excitation."""

    def __init__(self, recipe: NeXtVLADRecipe, **kwargs):
        super().__init__(**kwargs)
        inner = recipe.hidden // recipe.reduction
        self.squeeze = dense(inner, "gating_weights_1", use_bias=False)
        # The original's kernel stores the unbiased variance here alone.
        self.batch_norm = norm_of(recipe)(name="gating_bn", unbiased=True)
        self.excite = dense(recipe.hidden, "gating_weights_2", use_bias=False)

    def call(self, inputs, training=None):
        gate = self.excite(self.squeezed(inputs, training))
        return inputs * tf.sigmoid(gate)

    def squeezed(self, inputs, training=None):
        """`[..., hidden / reduction]`: what the gate is made of."""
        net = self.batch_norm(self.squeeze(inputs), training=training)
        return tf.nn.relu(net)
