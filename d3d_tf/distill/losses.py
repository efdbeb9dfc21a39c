"""Distillation losses: pure functions of two sets of logits."""

import tensorflow as tf

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
