"""NeXtVLAD's aggregation, as in linrongc/youtube-8m (commit 4810b4e)."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe


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
        self.fully_connected: Any = None
        self.attention: Any = None
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
