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
    empty = tf.zeros_like(clip[:, :1, :, :, :number])
    return tf.concat(
        [
            tf.concat([clip[:, 1:, :, :, :number], empty], axis=1),
            tf.concat([empty, clip[:, :-1, :, :, number : 2 * number]], axis=1),
            clip[..., 2 * number :],
        ],
        axis=-1,
    )
