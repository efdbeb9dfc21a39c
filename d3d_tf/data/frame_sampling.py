"""Fewer frames of a video of features."""

import numpy as np
import tensorflow as tf

from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe


def sampled(features, frames, recipe: FrameSamplingRecipe, seeds) -> tuple:
    """The frames that a student sees.

    Args:
      features: `[batch, 300, channels]`, padded with zeros.
      frames: int32 `[batch]`, how many are the video's.
      recipe: which of them.
      seeds: int32 `[batch, 2]`, of what is drawn.

    Returns:
      `[batch, k, channels]`, and int32 `[batch]`: how many are the video's.
      What comes after these is padding, or, with `rounding=down`, the last
      frame.
    """
    if recipe.way == "all":
        return features, frames
    places, counts = drawn_places(frames, recipe, seeds)
    return tf.gather(features, places, batch_dims=1), counts


def drawn_places(frames, recipe: FrameSamplingRecipe, seeds) -> tuple:
    """`places_and_counts`, with what is drawn by seeds, int32 `[batch, 2]`."""
    draws = tf.zeros([tf.size(frames), recipe.k])
    if recipe.draws:
        draws = tf.map_fn(
            lambda seed: tf.random.stateless_uniform([recipe.k], seed),
            seeds,
            fn_output_signature=tf.TensorSpec([recipe.k]),
        )
    return places_and_counts(frames, recipe, draws)


def places_and_counts(frames, recipe: FrameSamplingRecipe, draws) -> tuple:
    """Which frames, and how many of these are the video's.

    Args:
      frames: integers `[batch]`, 0 to 300.
      recipe: `way` is not `all`.
      draws: float32 `[batch, k]` in [0, 1); `sequence` takes the first.

    Returns:
      int32 `[batch, k]` and int32 `[batch]`.
    """
    frames, k = tf.cast(frames, tf.int32), recipe.k
    if recipe.way == "uniform":
        return _uniform(frames, recipe)
    some = tf.minimum(frames, 1) * k
    column = frames[:, None]
    if recipe.way == "random":
        drawn = tf.cast(draws * tf.cast(column, tf.float32), tf.int32)
        return drawn, some
    spare = tf.maximum(column - k, 0)
    if recipe.way == "sequence":
        span = tf.cast(spare + 1, tf.float32)
        start = tf.cast(draws[:, :1] * span, tf.int32)
        last = tf.maximum(column - 1, 0)
        return tf.minimum(start + tf.range(k), last), some
    # How far each of three parts is moved; the padding lies after them.
    still, half = tf.zeros_like(spare), spare // 2
    moved = {
        "first": (still, still, still),
        "middle": (half, half, half),
        "last": (spare, spare, spare),
        "first_middle_last": (still, half, spare),
    }[recipe.way]
    third = (k + 2) // 3
    part = tf.minimum(tf.range(k) // third, 2)
    moves = tf.gather(tf.concat(moved, axis=1), part, axis=1)
    return tf.range(k) + moves, tf.minimum(frames, k)


def _uniform(frames, recipe: FrameSamplingRecipe) -> tuple:
    every = recipe.every
    places = tf.range(0, MAX_FRAMES, every)
    places = tf.tile(places[None], [tf.size(frames), 1])
    if recipe.rounding == "up":
        return places, -(-frames // every)
    # In float64, as the authors' code, which loses one for some; in a graph
    # TensorFlow would divide otherwise.
    counts = np.arange(MAX_FRAMES + 1) / MAX_FRAMES * (MAX_FRAMES // every)
    return places, tf.gather(np.int32(counts), frames)
