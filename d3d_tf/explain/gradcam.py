"""Grad-CAM and Grad-CAM++ of a clip, by the time steps of an endpoint.

Selvaraju et al., ICCV 2017; Chattopadhay et al., WACV 2018. With a class's
logit S, features A, and g = dS/dA, a map is relu(sum over k of w_k A_k). The
weight w_k of channel k in a time step is, summed over its h x w places,

    gradcam    g / (h w)
    gradcampp  alpha relu(g),  alpha = g^2 / (2 g^2 + (sum of A) g^3 + EPSILON)

as in pytorch-grad-cam, whose EPSILON is not small beside the g of a logit that
is a mean over places. `gradcampp_eps0` is the paper's equation, without it.
`gradcampp_authors` is the authors' code, exp(S) relu(g) alpha / (sum of alpha
where g > 0), and `gradcampp_clip` a reading of "per clip": sums of
`gradcampp_eps0` over time, too. shared/goldens/dnr/README.md, section 5, has
all of them.
"""

import tensorflow as tf

EPSILON = 1e-6


def alphas(activations, gradients, *, epsilon: float = EPSILON, axes=(1, 2)):
    """Grad-CAM++'s alpha of every place; 0 where its denominator is 0.

    Args:
      activations, gradients: float `[time, height, width, C]`.
      epsilon: of the denominator.
      axes: over which activations are summed.
    """
    total = tf.reduce_sum(activations, axes, keepdims=True)
    square = gradients**2
    below = 2 * square + total * square * gradients + epsilon
    return tf.math.divide_no_nan(square, below)


def channel_weights(method: str, activations, gradients, score):
    """The weights w_k: `[time, 1, 1, C]`, or `[1, 1, 1, C]` per clip.

    Args:
      method: one of `d3d_tf.config.explain.METHODS`.
      activations, gradients: float `[time, height, width, C]`.
      score: scalar of their type, the logit.
    """
    if method == "gradcam":
        return tf.reduce_mean(gradients, [1, 2], keepdims=True)
    axes = (0, 1, 2) if method == "gradcampp_clip" else (1, 2)
    epsilon = EPSILON if method == "gradcampp" else 0.0
    alpha = alphas(activations, gradients, epsilon=epsilon, axes=axes)
    weights = alpha * tf.nn.relu(gradients)
    if method == "gradcampp_authors":
        positive = tf.where(gradients > 0, alpha, 0)
        total = tf.reduce_sum(positive, axes, keepdims=True)
        weights *= tf.exp(score) / tf.where(total == 0, 1, total)
    return tf.reduce_sum(weights, axes, keepdims=True)


def class_map(method: str, activations, gradients, score):
    """`[time, height, width]`, 0 or more; see `channel_weights`."""
    weights = channel_weights(method, activations, gradients, score)
    return tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1))


def scaled_by_frame(maps):
    """`[time, height, width]` to [0, 1), each step by its own least and most.

    As pytorch-grad-cam; a step that is the same everywhere is 0.
    """
    maps -= tf.reduce_min(maps, [1, 2], keepdims=True)
    return maps / (1e-7 + tf.reduce_max(maps, [1, 2], keepdims=True))


def scaled_by_clip(maps):
    """The same by the least and most of the clip, as MMAction2."""
    least, most = tf.reduce_min(maps), tf.reduce_max(maps)
    return (maps - least) / (most - least + 1e-20)


def enlarged(maps, frames: int, height: int, width: int):
    """Float32 `[frames, height, width]`: linear, with half-pixel centres.

    The originals have a map per frame, and enlarge space alone. That a step of
    an endpoint with fewer stands in the middle of the frames that it covers,
    and the map between two steps is between theirs, is a reading of ours.

    Args:
      maps: float `[time, height', width']`.
      frames, height, width: of the clip.
    """
    large = tf.image.resize(maps[..., tf.newaxis], [height, width])
    if len(maps) == frames:
        return large[..., 0]
    rows = tf.reshape(large, [len(maps), height * width, 1])
    longer = tf.image.resize(rows, [frames, height * width])
    return tf.reshape(longer, [frames, height, width])


def picture_map(maps, scale: str, frames: int, height: int, width: int):
    """What is drawn: float32 `[frames, height, width]` in [0, 1].

    Args:
      maps: from `class_map`.
      scale: `frame`, before and after enlarging, or `clip`, after it.
      frames, height, width: of the clip.
    """
    if scale == "clip":
        return scaled_by_clip(enlarged(maps, frames, height, width))
    found = enlarged(scaled_by_frame(maps), frames, height, width)
    return scaled_by_frame(found)
