"""Boxes of persons: their overlap, how they move with the picture, offsets.

Boxes are float32 `[..., 4]`: y1, x1, y2, x2, in shares or in pixels.
"""

import math

import tensorflow as tf

from d3d_tf.data.crops import ClipGeometry

# Of offsets: of the centre, and of the logarithms of height and width (Faster
# R-CNN, Ren et al. 2015; the weights are those of its common implementations).
WEIGHTS = (10.0, 10.0, 5.0, 5.0)
# No side grows by more in one step.
LARGEST_GROWTH = math.log(1000 / 16)


def overlap(boxes, others):
    """Intersection over union, `[..., N, M]`; 0 of boxes without an area.

    Args:
      boxes: `[..., N, 4]`.
      others: `[..., M, 4]`.
    """
    one, other = boxes[..., :, None, :], others[..., None, :, :]
    low = tf.maximum(one[..., :2], other[..., :2])
    high = tf.minimum(one[..., 2:], other[..., 2:])
    common = tf.reduce_prod(tf.maximum(high - low, 0.0), -1)
    union = area(one) + area(other) - common
    return tf.math.divide_no_nan(common, union)


def area(boxes):
    """`[...]`; 0 where corners are the wrong way round."""
    return tf.reduce_prod(tf.maximum(boxes[..., 2:] - boxes[..., :2], 0.0), -1)


def is_there(boxes):
    """Whether boxes have an area: bool `[..., 1]`."""
    return area(boxes)[..., None] > 0


def cropped(boxes, geometry: ClipGeometry, height, width):
    """Boxes of a video's frame as they are in a clip of it.

    Args:
      boxes: `[N, 4]`, shares of the stored frame.
      geometry: what the clip shows of it, and whether it is mirrored.
      height, width: of the stored frame, in pixels.

    Returns:
      `[N, 4]`, shares of the clip, cut off at its edges; one that is outside
      has no area.
    """
    sides = tf.cast(tf.stack([height, width, height, width]), tf.float32)
    corner = tf.stack([geometry.top, geometry.left] * 2)
    rows, columns = geometry.extent()
    extent = tf.cast(tf.stack([rows, columns] * 2), tf.float32)
    inside = (boxes * sides - tf.cast(corner, tf.float32)) / extent
    y1, x1, y2, x2 = tf.unstack(tf.clip_by_value(inside, 0.0, 1.0), axis=1)
    plain = tf.stack([y1, x1, y2, x2], 1)
    mirrored = tf.stack([y1, 1.0 - x2, y2, 1.0 - x1], 1)
    return tf.where(geometry.flip, mirrored, plain)


def offsets(boxes, wanted):
    """What `moved` must be told to make `wanted` of `boxes`: `[..., 4]`.

    Boxes without an area have offsets of 0.
    """
    centre, size = _centre_and_size(boxes)
    wanted_centre, wanted_size = _centre_and_size(wanted)
    there = tf.reduce_all((size > 0) & (wanted_size > 0), -1, keepdims=True)
    size = tf.where(there, size, 1.0)
    steps = tf.concat(
        [
            (wanted_centre - centre) / size,
            tf.math.log(tf.where(there, wanted_size, 1.0) / size),
        ],
        -1,
    )
    return tf.where(there, steps * tf.constant(WEIGHTS), 0.0)


def moved(boxes, by):
    """The boxes after their offsets: `[..., 4]`."""
    centre, size = _centre_and_size(boxes)
    steps = by / tf.constant(WEIGHTS)
    centre += steps[..., :2] * size
    size *= tf.exp(tf.minimum(steps[..., 2:], LARGEST_GROWTH))
    return tf.concat([centre - size / 2, centre + size / 2], -1)


def _centre_and_size(boxes):
    low, high = boxes[..., :2], boxes[..., 2:]
    return (low + high) / 2, high - low
