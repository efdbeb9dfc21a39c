"""What DNR standardises with: of the batch, or of each clip by itself."""

import functools
import math

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.lengths import lengths
from d3d_tf.layers.weight_decay import WeightDecay
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.frame_groups import FrameGroups

CHANNEL_GROUPS = 32


class ClipStatistics(keras.layers.Layer):
    """(x - mean) / sqrt(var + epsilon) with a clip's own statistics.

    Of each group of frames, and of 32 groups of channels (group normalisation,
    Wu and He, ECCV 2018; fewer where 32 does not divide them) or of every
    channel (instance normalisation). DNR's text allows for it; which statistics
    it tried, it does not say: this is our reading.

    Args:
      each_channel: has its own.
      epsilon: added to the variance.
    """

    def __init__(self, each_channel: bool, epsilon: float, **kwargs):
        super().__init__(**kwargs)
        self._each_channel, self._epsilon = each_channel, epsilon

    def call(self, inputs, groups: FrameGroups):
        net = tf.cast(inputs, tf.float32)
        net -= groups.spread(self._joined(groups.means(net)))
        variance = groups.spread(self._joined(groups.means(net * net)))
        net *= tf.math.rsqrt(variance + self._epsilon)
        return tf.cast(net, inputs.dtype)

    def _joined(self, means):
        """Means `[groups, batch, C]` of the channels that belong together."""
        channels = means.shape[-1]
        if self._each_channel:
            return means
        number = math.gcd(CHANNEL_GROUPS, channels)
        each = channels // number
        parts = tf.reshape(means, [*lengths(means)[:2], number, each])
        return tf.repeat(tf.reduce_mean(parts, axis=-1), each, axis=-1)


def statistics(recipe: ResNetRecipe, name: str) -> keras.layers.Layer:
    """The layer of a recipe; see `standardised`."""
    if recipe.statistics == "batch":
        return batch_norm(recipe, name, affine=False)
    each_channel = recipe.statistics == "instance"
    return ClipStatistics(each_channel, recipe.batch_norm_epsilon, name=name)


def standardised(layer, clips, groups: FrameGroups, training):
    """Clips by a layer of `statistics`, every group of frames by its own.

    Batch statistics of the groups move the same averages, in time order;
    in inference all groups have these.
    """
    if isinstance(layer, ClipStatistics):
        return layer(clips, groups)
    if not training:
        return layer(clips, training=False)
    return groups.each(functools.partial(layer, training=True), clips)


def batch_norm(
    recipe: ResNetRecipe, name: str, *, affine: bool = True
) -> BatchNorm:
    """PyTorch's, with a scale and a shift or with neither."""
    layer = BatchNorm(
        momentum=recipe.batch_norm_momentum,
        epsilon=recipe.batch_norm_epsilon,
        synchronized=recipe.synchronized_batch_norm,
        scale=affine,
        shift=affine,
        unbiased=True,
        name=name,
    )
    layer.regularizer = WeightDecay(recipe.weight_decay)
    return layer
