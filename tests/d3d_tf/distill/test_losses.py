"""The distillation loss on numbers."""

import numpy as np
import tensorflow as tf

from d3d_tf.distill.losses import logit_mse


def test_mean_over_classes_of_squared_differences():
    """(1, 2, 3) - (0, 4, 0): (1 + 4 + 9)/3; (5, 5, 5) - (5, 5, 5): 0."""
    student = tf.constant([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    teacher = tf.constant([[0.0, 4.0, 0.0], [5.0, 5.0, 5.0]])
    np.testing.assert_allclose(
        logit_mse(student, teacher), [14 / 3, 0], rtol=1e-6
    )


def test_gradient_by_hand():
    """d/ds of the mean over 2 classes: 2 (s - t) / 2 = s - t."""
    student = tf.constant([[1.0, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(student)
        loss = logit_mse(student, tf.constant([[4.0, 1.0]]))
    np.testing.assert_allclose(tape.gradient(loss, student), [[-3, -3]])
