"""Colour jitter: one draw for all frames of a clip."""

from typing import NamedTuple

import tensorflow as tf

from d3d_tf.config import ClipRecipe


class ColourJitter(NamedTuple):
    """How the colours of a clip are changed, in this order.

    Attributes:
      brightness: added to values in [0, 1].
      contrast: factor of the distance from the clip's mean, by channel.
      saturation: factor of HSV's saturation.
      hue: added to HSV's hue; 1 is the whole circle.
    """

    brightness: tf.Tensor
    contrast: tf.Tensor
    saturation: tf.Tensor
    hue: tf.Tensor


def random_jitter(clip: ClipRecipe, seed) -> ColourJitter | None:
    """Draws a change of colours; depends only on `seed`, int32 `[2]`.

    Brightness and hue are uniform within plus and minus the recipe's value,
    the factors within 1 plus and minus it. None if the recipe has no jitter.
    """
    most = (
        clip.jitter_brightness,
        clip.jitter_contrast,
        clip.jitter_saturation,
        clip.jitter_hue,
    )
    if not any(most):
        return None
    # The geometry splits the same seed; this stream is independent of it.
    key = tf.random.experimental.stateless_fold_in(seed, 1)
    change = tf.random.stateless_uniform([4], key, -1.0, 1.0) * most
    return ColourJitter(change[0], 1 + change[1], 1 + change[2], change[3])


def jitter_colours(frames, jitter: ColourJitter):
    """Changes float32 `[time, height, width, 3]` RGB in [0, 1]."""
    shape = tf.shape(frames)
    # As one tall picture, so that all frames have the same mean.
    picture = tf.reshape(frames, [-1, shape[2], 3])
    picture = tf.image.adjust_brightness(picture, jitter.brightness)
    picture = tf.image.adjust_contrast(picture, jitter.contrast)
    picture = tf.clip_by_value(picture, 0.0, 1.0)
    picture = tf.image.adjust_saturation(picture, jitter.saturation)
    picture = tf.image.adjust_hue(picture, jitter.hue)
    picture = tf.clip_by_value(picture, 0.0, 1.0)
    return tf.ensure_shape(tf.reshape(picture, shape), frames.shape)
