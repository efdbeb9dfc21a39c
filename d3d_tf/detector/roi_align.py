"""RoIAlign by TensorFlow's own `crop_and_resize`.

(He et al., Mask R-CNN, 2017; with one sample in the middle of each bin, as
Model Garden's, to which a test compares it.)
"""

import tensorflow as tf


def roi_align(features, boxes, bins: int = 7):
    """The features under each box, at the middles of `bins` x `bins` parts.

    Between features they are bilinear; beyond the middles of the outermost
    ones they stay as there. A box of no area gives what is at its corner.

    Args:
      features: `[batch, height, width, C]`, of a whole picture.
      boxes: float32 `[batch, N, 4]`, y1, x1, y2, x2 as shares of the picture.
      bins: per side.

    Returns:
      float32 `[batch, N, bins, bins, C]`.
    """
    shape = tf.shape(features)
    number = tf.shape(boxes)[1]
    # A feature more on each side, as nothing is known beyond the last.
    edge = [[0, 0], [1, 1], [1, 1], [0, 0]]
    wide = tf.pad(features, edge, "SYMMETRIC")
    size = tf.cast(shape[1:3], tf.float32)
    half = (boxes[..., 2:] - boxes[..., :2]) / (2 * bins)
    first, last = boxes[..., :2] + half, boxes[..., 2:] - half
    # Their places in features, from the first of `wide` on, as a share of the
    # way to its last one.
    places = (tf.concat([first, last], -1) * tf.tile(size, [2]) + 1.0) / (
        tf.tile(size, [2]) + 1.0
    )
    rows = tf.reshape(places, [-1, 4])
    pictures = tf.repeat(tf.range(shape[0]), number)
    found = tf.image.crop_and_resize(wide, rows, pictures, [bins, bins])
    return tf.reshape(found, [shape[0], number, bins, bins, features.shape[-1]])
