"""The layers of NeXtVLAD, as in linrongc/youtube-8m (commit 4810b4e)."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.dropout import Dropout
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.streams import RGB_FEATURES

# What PCA's whitening of YouTube-8M added to its features.
_OFFSET = 4.0 / 512.0


def initializer():
    """Slim's `variance_scaling_initializer`, of every kernel."""
    return keras.initializers.VarianceScaling(2.0, "fan_in", "truncated_normal")


def norm_of(recipe: NeXtVLADRecipe) -> Callable[..., BatchNorm]:
    """Makes the recipe's batch normalisations; they have a scale."""
    return functools.partial(
        BatchNorm,
        momentum=recipe.batch_norm_momentum,
        epsilon=recipe.batch_norm_epsilon,
        synchronized=recipe.synchronized_batch_norm,
        scale=True,
    )


def dense(units: int, name: str, **options):
    """A Keras `Dense` that starts as the original's."""
    return keras.layers.Dense(
        units, kernel_initializer=initializer(), name=name, **options
    )


class Whitening(keras.layers.Layer):
    """Undoes the whitening of a PCA in the features of the pictures.

    x' = (x - 4/512) * deviation, of the first 1024 features; those of the sound
    stay. Padding is changed with the rest: it is no longer 0.

    Attributes:
      deviations: float32 `[1024]`, not trained; see `of_eigenvalues`.
    """

    def build(self, input_shape):
        self.deviations = self.add_weight(
            name="deviations",
            shape=[RGB_FEATURES],
            initializer="ones",
            trainable=False,
        )

    def call(self, inputs):
        pictures, sound = inputs[..., :RGB_FEATURES], inputs[..., RGB_FEATURES:]
        return tf.concat([(pictures - _OFFSET) * self.deviations, sound], -1)

    def of_eigenvalues(self, eigenvalues: np.ndarray) -> None:
        """Sets `deviations` to sqrt(eigenvalue) + 1e-4, of the first 1024."""
        values = np.float32(eigenvalues).ravel()[:RGB_FEATURES]
        self.deviations.assign(np.sqrt(values) + np.float32(1e-4))


class Aggregation(keras.layers.Layer):
    """One stream's features to its residuals, summed by cluster.

    `layer((features, mask))`: `[batch, frames, N]` float and bool
    `[batch, frames]` to `[batch, F * clusters]`, feature by feature, where F =
    N * expansion / groups.

    Args:
      groups, clusters, expansion: see `NeXtVLADRecipe`; `expansion=0` is
        NetVLAD: neither an expansion nor attention, and groups must be 1.
      norm: makes a batch normalisation.
      count_padding: see `NeXtVLADRecipe`.
    """

    def __init__(
        self,
        groups: int,
        clusters: int,
        expansion: int,
        *,
        norm: Callable[..., BatchNorm],
        count_padding: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.groups, self.clusters = groups, clusters
        self.expansion = expansion
        self.count_padding = count_padding
        self.cluster_bn = norm(name="cluster_bn")
        self.vlad_bn = norm(name="vlad_bn")

    def build(self, input_shape):
        features, _ = input_shape
        width = features[-1]
        self.fully_connected = self.attention = None
        if self.expansion:
            width *= self.expansion
            self.fully_connected = dense(width, "fully_connected")
            self.attention = dense(
                self.groups, "fully_connected_1", activation="sigmoid"
            )
        self.cluster_weights = dense(
            self.groups * self.clusters, "cluster_weights", use_bias=False
        )
        self.centres = self.add_weight(
            name="cluster_weights2",
            shape=[1, width // self.groups, self.clusters],
            initializer=initializer(),
        )
        super().build(input_shape)

    def call(self, inputs, training=None):
        return self.vlad_bn(self.residuals(inputs, training), training=training)

    def residuals(self, inputs, training=None):
        """As a call, before the last normalisation; each cluster has length 1.

        NetVLAD's normalisation of the whole afterwards would divide by a
        constant, which the batch normalisation takes out again.
        """
        net, mask = inputs
        weights = tf.cast(mask, self.compute_dtype)[..., None, None]
        if self.expansion:
            net = self.fully_connected(net)
            weights *= self.attention(net)[..., None]
        weights *= tf.nn.softmax(self._assigned(net, mask, training))
        shape = tf.shape(net)
        rows = shape[1] * self.groups
        weights = tf.reshape(weights, [shape[0], rows, self.clusters])
        size = self.centres.shape[1]
        net = tf.reshape(net, [shape[0], rows, size])
        sums = tf.matmul(net, weights, transpose_a=True)
        total = tf.reduce_sum(weights, axis=1, keepdims=True)
        residuals = tf.cast(sums - total * self.centres, tf.float32)
        residuals = tf.math.l2_normalize(residuals, axis=1, epsilon=1e-12)
        flat = tf.reshape(residuals, [shape[0], size * self.clusters])
        return tf.cast(flat, self.compute_dtype)

    def _assigned(self, net, mask, training):
        """`[batch, frames, groups, clusters]`, before the soft-max."""
        net = self.cluster_weights(net)
        shape = tf.shape(net)
        if self.count_padding or not training:
            net = self.cluster_bn(net, training=training)
        else:
            rows = self.cluster_bn(tf.boolean_mask(net, mask), training=True)
            places = tf.cast(tf.where(mask), tf.int32)
            net = tf.scatter_nd(places, rows, shape)
        parts = [shape[0], shape[1], self.groups, self.clusters]
        return tf.reshape(net, parts)


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
            self.whitening = Whitening(name="whitening")
        plain = recipe.is_plain
        self.video, self.audio = (
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
        )

    def call(self, inputs, training=None):
        features, mask = inputs
        features = self.whitened(features)
        video, audio = (
            layer((part, mask), training=training)
            for layer, part in (
                (self.video, features[..., :RGB_FEATURES]),
                (self.audio, features[..., RGB_FEATURES:]),
            )
        )
        return tf.concat([video, audio], axis=-1)[:, None]

    def whitened(self, features):
        """The features that are aggregated, `[batch, frames, 1152]`."""
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
