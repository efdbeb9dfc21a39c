"""Distillation losses: pure functions of what student and teacher say."""

import tensorflow as tf

from d3d_tf.distill.fewer_frames import (
    branch_divergence,
    encoding_loss,
    prediction_loss,
)
from d3d_tf.keras_api import keras


@keras.utils.register_keras_serializable("d3d_tf")
def logit_mse(student_logits, teacher_logits):
    """Mean over classes of the squared difference of the logits.

    Equation 2 of D3D is the mean squared error between the pre-softmax outputs
    over clips; whether it sums or averages over classes it does not say. We
    read "mean" as over all elements. Multiply the weight by the number of
    classes for the other reading.

    Args:
      student_logits: float32 `[batch, classes]`.
      teacher_logits: float32 `[batch, classes]`.

    Returns:
      float32 `[batch]`.
    """
    return tf.reduce_mean(
        tf.math.squared_difference(student_logits, teacher_logits), axis=-1
    )


@keras.utils.register_keras_serializable("d3d_tf")
def feature_mse(student_features, teacher_features):
    """Mean over all elements of a clip of the squared difference of features.

    Args:
      student_features: float `[batch, time, height, width, channels]`.
      teacher_features: the same shape.

    Returns:
      float32 `[batch]`.
    """
    rows = [
        tf.cast(tf.reshape(features, [tf.shape(features)[0], -1]), tf.float32)
        for features in (student_features, teacher_features)
    ]
    return logit_mse(*rows)


@keras.utils.register_keras_serializable("d3d_tf")
def squares(student, teacher):
    """L_rep of students that see fewer frames; see `encoding_loss`."""
    return encoding_loss(student, teacher)


@keras.utils.register_keras_serializable("d3d_tf")
def label_kl(student_logits, teacher_logits):
    """L_pred of students that see fewer frames, of sigmoid scores.

    Args:
      student_logits, teacher_logits: `[batch, classes]`.

    Returns:
      `[batch]`; see `prediction_loss`.
    """
    return prediction_loss(
        tf.sigmoid(student_logits), tf.sigmoid(teacher_logits)
    )


@keras.utils.register_keras_serializable("d3d_tf")
def score_squares(student_logits, teacher_logits):
    """Sum over classes of the squared difference of sigmoid scores.

    L_pred of zhongzhh8's students (train.py, commit 35f4a10), and the other
    choice that Bhardwaj et al. tried.

    Args:
      student_logits, teacher_logits: `[batch, classes]`.

    Returns:
      `[batch]`.
    """
    return encoding_loss(tf.sigmoid(student_logits), tf.sigmoid(teacher_logits))


def soft_targets(branches, teacher_logits, temperature: float):
    """What a teacher says to each branch of a student that is a mixture.

    Args:
      branches: `[batch, branches, classes]` logits.
      teacher_logits: `[batch, classes]`, of a mixture its own.
      temperature: above 0.

    Returns:
      `[batch]`; see `branch_divergence`.
    """
    return branch_divergence(branches, teacher_logits, temperature)
