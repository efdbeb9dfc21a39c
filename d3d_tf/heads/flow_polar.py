"""Flow as magnitude and direction: how D3D's decoder predicts it (section 3).

Functions of float tensors. *Vectors* are `[..., 2]`, (u, v) in pixels per
frame, u to the right and v down; *polar* is `[..., 3]`, (mag, sin, cos) with
mag = |(u, v)| in pixels per frame and the sine and cosine of the angle of (u,
v), after Im2Flow (Gao et al., CVPR 2018).
"""

import tensorflow as tf


def to_polar(vectors):
    """Vectors to polar; where nothing moves (0, 0, 1)."""
    u, v = vectors[..., 0], vectors[..., 1]
    magnitude = tf.sqrt(u * u + v * v)
    moves = magnitude > 0
    divisor = tf.where(moves, magnitude, tf.ones_like(magnitude))
    cosine = tf.where(moves, u / divisor, tf.ones_like(u))
    return tf.stack([magnitude, v / divisor, cosine], axis=-1)


def to_vectors(polar, *, normalize_angle: bool = False):
    """Polar to vectors: mag times (cos, sin).

    Args:
      polar: of a prediction sin and cos need not be of length 1.
      normalize_angle: make them so. Im2Flow does not; nor do the papers say.
    """
    magnitude, direction = polar[..., :1], polar[..., 2:0:-1]
    if normalize_angle:
        length = tf.norm(direction, axis=-1, keepdims=True)
        direction = tf.math.divide_no_nan(direction, length)
    return magnitude * direction


def polar_loss(prediction, target):
    """Squared error; that of the direction weighs as much as there is motion.

    (mag^ - mag)^2 + mag ((sin^ - sin)^2 + (cos^ - cos)^2), with the target's
    mag (section 3): `[batch]`, the mean over time and places.

    Args:
      prediction: polar `[batch, time, height, width, 3]`.
      target: the same shape.
    """
    squares = tf.math.squared_difference(prediction, target)
    weight = tf.stop_gradient(target[..., 0])
    direction = squares[..., 1] + squares[..., 2]
    return tf.reduce_mean(squares[..., 0] + weight * direction, axis=[1, 2, 3])


def endpoint_error(prediction, target):
    """Mean distance of the vectors, in pixels: `[batch]`.

    Args:
      prediction: vectors `[batch, time, height, width, 2]`.
      target: the same shape.
    """
    distance = tf.norm(prediction - target, axis=-1)
    return tf.reduce_mean(distance, axis=[1, 2, 3])


def resized(vectors, time_stride: int, size: tuple[int, int]):
    """The vectors that a feature map of that size is compared with.

    Feature frame j has the flow of frame `j * time_stride`; in space, a place
    has the mean of the vectors under it. They stay pixels of the clip. The
    papers say neither; this is our reading.

    Args:
      vectors: `[batch, time, height, width, 2]`.
      time_stride: frames of the clip per frame of the feature map.
      size: its height and width.

    Returns:
      Vectors `[batch, time', *size, 2]`, time' as SAME convolutions have it.
    """
    return on_grid(vectors[:, ::time_stride], size, method="area")


def on_grid(vectors, size: tuple[int, int], *, method: str = "bilinear"):
    """Resized in space, vectors `[batch, time, *size, 2]`; values stay.

    Args:
      vectors: `[batch, time, height, width, 2]`.
      size: height and width.
      method: of `tf.image.resize`.
    """
    shape = tf.shape(vectors)
    flat = tf.reshape(vectors, [-1, shape[2], shape[3], 2])
    flat = tf.image.resize(flat, size, method=method)
    return tf.reshape(flat, [shape[0], shape[1], size[0], size[1], 2])
