"""One draw of time, crop and flip for both streams of a clip."""

from typing import NamedTuple

import tensorflow as tf

from d3d_tf.config import EvaluationRecipe


class ClipGeometry(NamedTuple):
    """Which part of a video a clip shows.

    Attributes:
      indices: int32 `[frames]`, of the stored frames and flow frames.
      top, left: int32 scalars, the crop's corner in pixels.
      size: height and width of the crop.
      flip: bool scalar, mirror left and right.
    """

    indices: tf.Tensor
    top: tf.Tensor
    left: tf.Tensor
    size: int
    flip: tf.Tensor


def centre_geometry(length, height, width, *, frames: int, size: int):
    """The middle clip, middle crop, no flip: the view for evaluation."""
    return ClipGeometry(
        _looped((length - frames) // 2, length, frames),
        (height - size) // 2,
        (width - size) // 2,
        size,
        tf.constant(False),
    )


def view_geometry(
    view,
    length,
    height,
    width,
    *,
    views: EvaluationRecipe,
    frames: int,
    size: int,
):
    """One of an evaluation's `clips x crops` views; no flip.

    Clip k of K begins at `k (length - frames) // (K - 1)`, so that the first
    is at the beginning and the last at the end. Three crops are at the two
    ends and in the middle of the longer side, in the middle of the shorter. A
    single clip or crop is in the middle. All clips of a video that is not
    longer than `frames` are the same.

    Args:
      view: int32 scalar, `clip * crops + crop`.
      length, height, width: of the stored video.
      views: how many clips and crops.
      frames, size: of a clip.
    """
    clip, crop = view // views.crops, view % views.crops
    room = tf.maximum(length - frames, 0)
    start = room // 2
    if views.clips > 1:
        start = clip * room // (views.clips - 1)
    top, left = height - size, width - size
    middle = ClipGeometry(
        _looped(start, length, frames),
        top // 2,
        left // 2,
        size,
        tf.constant(False),
    )
    if views.crops == 1:
        return middle
    wide = width >= height
    return middle._replace(
        top=tf.where(wide, top // 2, crop * top // 2),
        left=tf.where(wide, crop * left // 2, left // 2),
    )


def random_geometry(
    length, height, width, *, frames: int, size: int, flip: bool, seed
):
    """A draw that is a function of `seed`, int32 `[2]`, and of nothing else.

    `length`, `height` and `width` describe the stored video; start, corner and
    flip are uniform.
    """
    seeds = tf.random.experimental.stateless_split(seed, 4)

    def below(limit, which):
        return tf.random.stateless_uniform(
            [], seeds[which], 0, limit, dtype=tf.int32
        )

    return ClipGeometry(
        _looped(below(tf.maximum(length - frames, 0) + 1, 0), length, frames),
        below(height - size + 1, 1),
        below(width - size + 1, 2),
        size,
        tf.logical_and(flip, tf.equal(below(2, 3), 1)),
    )


def _looped(start, length, frames: int):
    """Frame indices from `start`; a short video begins again at its end."""
    return (tf.maximum(start, 0) + tf.range(frames)) % length


def crop_and_flip(pixels, geometry: ClipGeometry):
    """`[time, height, width, C]` to `[time, size, size, C]`.

    Moves pixels only: where they hold flow, the caller negates u as well.
    """
    return flip(crop(pixels, geometry), geometry)


def crop(pixels, geometry: ClipGeometry):
    """`[time, height, width, C]` to `[time, size, size, C]`."""
    size = geometry.size
    pixels = pixels[
        :,
        geometry.top : geometry.top + size,
        geometry.left : geometry.left + size,
    ]
    return tf.ensure_shape(pixels, [None, size, size, None])


def flip(pixels, geometry: ClipGeometry):
    """Mirrors `[time, size, size, C]` left and right, if the draw says so."""

    def mirrored():
        # TensorFlow is quick with rows of pixels, [rows, width, C].
        rows = tf.reshape(pixels, [-1, geometry.size, pixels.shape[-1]])
        return tf.reshape(tf.reverse(rows, [1]), tf.shape(pixels))

    return tf.cond(geometry.flip, mirrored, lambda: pixels)
