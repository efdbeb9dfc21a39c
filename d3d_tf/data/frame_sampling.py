"""Fewer frames of a video of features."""

import numpy as np
import tensorflow as tf

from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe


def sampled(features, frames, recipe: FrameSamplingRecipe, seed) -> tuple:
    """The frames that a student sees.

    Args:
      features: `[300, channels]`, padded with zeros.
      frames: integer scalar, how many are the video's.
      recipe: which of them.
      seed: int32 `[2]`, of what is drawn.

    Returns:
      `[k, channels]`, and int32 scalar: how many are the video's. What comes
      after these is padding, or, with `rounding=down`, the last frame.
    """
    if recipe.way == "all":
        return features, frames
    places, count = drawn_places(frames, recipe, seed)
    return tf.gather(features, places), count


def drawn_places(frames, recipe: FrameSamplingRecipe, seed) -> tuple:
    """`places_and_count`, with what is drawn by a seed, int32 `[2]`."""
    draws = tf.random.stateless_uniform([recipe.k], seed)
    return places_and_count(frames, recipe, draws)


def places_and_count(frames, recipe: FrameSamplingRecipe, draws) -> tuple:
    """Which frames, and how many of these are the video's.

    Args:
      frames: integer scalar, 0 to 300.
      recipe: `way` is not `all`.
      draws: float32 `[k]` in [0, 1); `sequence` takes the first.

    Returns:
      int32 `[k]` and int32 scalar.
    """
    frames, k = tf.cast(frames, tf.int32), recipe.k
    if recipe.way == "uniform":
        return _uniform(frames, recipe)
    some = tf.minimum(frames, 1) * k
    if recipe.way == "random":
        drawn = tf.cast(draws * tf.cast(frames, tf.float32), tf.int32)
        return drawn, some
    spare = tf.maximum(frames - k, 0)
    if recipe.way == "sequence":
        span = tf.cast(spare + 1, tf.float32)
        start = tf.cast(draws[0] * span, tf.int32)
        last = tf.maximum(frames - 1, 0)
        return tf.minimum(start + tf.range(k), last), some
    # How far each of three parts is moved; the padding lies after them.
    moved = {
        "first": (0, 0, 0),
        "middle": (spare // 2,) * 3,
        "last": (spare,) * 3,
        "first_middle_last": (0, spare // 2, spare),
    }[recipe.way]
    third = (k + 2) // 3
    part = tf.minimum(tf.range(k) // third, 2)
    return tf.range(k) + tf.gather(moved, part), tf.minimum(frames, k)


def _uniform(frames, recipe: FrameSamplingRecipe) -> tuple:
    every = recipe.every
    places = tf.range(0, MAX_FRAMES, every)
    if recipe.rounding == "up":
        return places, -(-frames // every)
    # In float64, as the authors' code, which loses one for some; in a graph
    # TensorFlow would divide otherwise.
    counts = np.arange(MAX_FRAMES + 1) / MAX_FRAMES * (MAX_FRAMES // every)
    return places, tf.gather(np.int32(counts), frames)
