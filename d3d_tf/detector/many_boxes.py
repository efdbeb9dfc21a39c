"""Boxes of a clip are looked at so many at a time, whatever their number."""

from collections.abc import Callable

import tensorflow as tf

# With D3D's tail one takes some 2 MB per layer.
TOGETHER = 64


def in_parts(answer: Callable, boxes, actions: int) -> tuple:
    """What a detector says of boxes, in memory that does not grow with N.

    Args:
      answer: boxes `[batch, n, 4]` to logits `[batch, n, actions]` and boxes.
      boxes: float32 `[batch, N, 4]`.
      actions: how many there are.

    Returns:
      float32 `[batch, N, actions]` and `[batch, N, 4]`.
    """
    batch, number = tf.shape(boxes)[0], tf.shape(boxes)[1]
    together = tf.clip_by_value(number, 1, TOGETHER)
    # Of no parts `map_fn` makes no tensors.
    parts = tf.maximum(-(-number // together), 1)
    more = parts * together - number
    asked = tf.pad(boxes, [[0, 0], [0, more], [0, 0]])
    asked = tf.reshape(asked, [batch, parts, together, 4])
    found = tf.map_fn(
        answer,
        tf.transpose(asked, [1, 0, 2, 3]),
        fn_output_signature=(
            tf.TensorSpec([None, None, actions], tf.float32),
            tf.TensorSpec([None, None, 4], tf.float32),
        ),
        parallel_iterations=1,
    )
    logits, where = (
        tf.reshape(
            tf.transpose(part, [1, 0, 2, 3]),
            [batch, parts * together, part.shape[-1]],
        )[:, :number]
        for part in found
    )
    return logits, where
