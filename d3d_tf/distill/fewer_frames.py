"""Losses of students that see fewer frames of a video, and of mixtures.

Bhardwaj et al. (CVPR 2019), and Lin et al. (ECCV 2018 workshops) for mixtures,
by their code. Each is one number per video; weights and means are the caller's.
"""

import tensorflow as tf

# In the logarithms of the mixture's divergence.
_EPSILON = 1e-8


def encoding_loss(student, teacher):
    """L_rep: the sum over all elements of the squared difference.

    `feature_mse` of `losses` is the mean over them.

    Args:
      student: float `[batch, ...]`, what the paper calls an encoding.
      teacher: the same shape.

    Returns:
      `[batch]`, at least float32.
    """
    dtype = tf.float64 if student.dtype == tf.float64 else tf.float32
    difference = tf.cast(student, dtype) - tf.cast(teacher, dtype)
    rows = tf.reshape(difference, [tf.shape(difference)[0], -1])
    return tf.reduce_sum(tf.square(rows), axis=-1)


def prediction_loss(student, teacher):
    """L_pred: KL(teacher || student) of classes, as if they were exclusive.

    The probabilities of a video's classes are divided by their sum. The
    authors' code gives NaN where the teacher says exactly 0 and infinity where
    only the student does; here the first adds nothing, and the second counts
    as the smallest normal number of the type.

    Args:
      student: float `[batch, classes]` in [0, 1].
      teacher: the same.

    Returns:
      `[batch]`.
    """
    tiny = student.dtype.as_numpy_dtype(_tiny(student.dtype))
    theirs, ours = (
        tf.maximum(p, 0) / tf.maximum(tf.reduce_sum(p, -1, keepdims=True), tiny)
        for p in (teacher, student)
    )
    terms = tf.math.xlogy(theirs, tf.maximum(theirs, tiny))
    terms -= tf.math.xlogy(theirs, tf.maximum(ours, tiny))
    return tf.reduce_sum(terms, axis=-1)


def branch_divergence(branches, mixture, temperature: float):
    """How far branches are from their mixture, in the order of classes.

    sum over classes of p (log(p + 1e-8) - log(q + 1e-8)), summed over branches:
    p is the soft-max over classes of the mixture's logits / temperature, q of a
    branch's. The gradient goes through both, as in the authors' code.

    Args:
      branches: float `[batch, branches, classes]` logits.
      mixture: `[batch, classes]` logits.
      temperature: above 0.

    Returns:
      `[batch]`.
    """
    ours = tf.nn.softmax(branches / temperature)
    theirs = tf.nn.softmax(mixture / temperature)[:, None]
    ratio = tf.math.log(theirs + _EPSILON) - tf.math.log(ours + _EPSILON)
    return tf.reduce_sum(theirs * ratio, axis=[1, 2])


def _tiny(dtype) -> float:
    return 2.3e-308 if dtype == tf.float64 else 1.2e-38
