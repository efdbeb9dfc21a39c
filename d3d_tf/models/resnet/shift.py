"""Channels that are moved along time: TSM, and DNR's interlacing."""

import tensorflow as tf


def temporal_shift(clip, div: int):
    """A part of the channels from the next frame, a part from the one before.

    Lin et al., TSM (ICCV 2019). With `n = C // div`, channels [0, n) of frame t
    are those of frame t + 1, and channels [n, 2 n) those of frame t - 1; there
    are zeros where there is no such frame. All others stay.

    Args:
      clip: `[batch, time, height, width, C]`.
      div: above 1.
    """
    number = clip.shape[-1] // div
    if not number:
        return clip
    # Not slices of the clip: the gradient of each is as large as the clip.
    sizes = [number, number, clip.shape[-1] - 2 * number]
    after, before, rest = tf.split(clip, sizes, axis=-1)
    empty = tf.zeros_like(after[:, :1])
    after = tf.concat([after[:, 1:], empty], axis=1)
    before = tf.concat([empty, before[:, :-1]], axis=1)
    return tf.concat([after, before, rest], axis=-1)
