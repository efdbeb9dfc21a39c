"""Pictures of any size in a square, and boxes there and back."""

import tensorflow as tf


def extent(height, width, side: int, longest: int = 0):
    """Rows and columns of a square that a picture covers: float32 `[2]`.

    The longer side is scaled to `side`, or, if it is shorter than `longest`, as
    much as `longest` would be; the other one as much. Both are rounded to whole
    pixels.

    Args:
      height, width: of the picture, in pixels.
      side: of the square, in pixels.
      longest: in pixels of the picture.
    """
    sides = tf.cast(tf.stack([height, width]), tf.float32)
    whole = tf.maximum(tf.reduce_max(sides), float(longest))
    return tf.maximum(tf.round(sides * side / whole), 1.0)


def letterboxed(pictures, side: int, longest: int = 0):
    """Pictures scaled into the upper left corner of squares.

    The rest is 0, which is the mean where pictures are normalised, as in Model
    Garden's `resize_and_crop_image`.

    Args:
      pictures: float32 `[batch, height, width, C]`.
      side: of the squares, in pixels.
      longest: as in `extent`.

    Returns:
      float32 `[batch, side, side, C]`.
    """
    shape = tf.shape(pictures)
    covered = tf.cast(extent(shape[1], shape[2], side, longest), tf.int32)
    small = tf.image.resize(pictures, covered)
    rest = [[0, 0], [0, side - covered[0]], [0, side - covered[1]], [0, 0]]
    return tf.ensure_shape(
        tf.pad(small, rest), [None, side, side, pictures.shape[-1]]
    )
