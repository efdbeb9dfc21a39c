"""The distillation loss on numbers."""

import numpy as np
import tensorflow as tf

from d3d_tf.distill.losses import (
    feature_mse,
    label_kl,
    logit_mse,
    score_squares,
    squares,
)


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


def test_mean_over_the_elements_of_a_clips_features():
    """Clip 0: differences 0, 1, 2, 3 of four elements: 14/4. Clip 1: none."""
    student = np.float32([[0, 1, 2, 3], [1, 1, 1, 1]]).reshape(2, 1, 2, 1, 2)
    teacher = np.float32([[0, 0, 0, 0], [1, 1, 1, 1]]).reshape(2, 1, 2, 1, 2)
    found = feature_mse(tf.constant(student), tf.constant(teacher))
    np.testing.assert_allclose(found, [3.5, 0])


def test_features_of_half_precision_are_compared_in_full():
    """(300 - 0)^2 is above float16's 65,504."""
    student = tf.fill([1, 1, 1, 1, 2], tf.constant(300, tf.float16))
    found = feature_mse(student, tf.zeros_like(student))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, [90_000])


def test_sums_of_squares():
    """As the mean, times as many as there are."""
    student = tf.constant([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    teacher = tf.constant([[0.0, 4.0, 0.0], [5.0, 5.0, 5.0]])
    np.testing.assert_allclose(squares(student, teacher), [14, 0], rtol=1e-6)


def test_squares_of_sigmoid_scores():
    """Scores 3/4 and 1/2 against 1/4 and 1/2: (1/2)^2."""
    logits = tf.constant([[np.log(3.0), 0.0]], tf.float32)
    np.testing.assert_allclose(score_squares(logits, -logits), [0.25], 1e-6)


def test_divergence_of_sigmoid_scores():
    """Scores 3/4 and 1/4 against 1/2 and 1/2: of sum 1, so KL of these."""
    teacher = tf.constant([[np.log(3.0), -np.log(3.0)]], tf.float32)
    found = label_kl(tf.zeros([1, 2]), teacher)
    expected = 3 / 4 * np.log(3 / 2) + 1 / 4 * np.log(1 / 2)
    np.testing.assert_allclose(found, [expected], rtol=1e-5)
