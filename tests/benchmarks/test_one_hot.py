"""A teacher that knows the label and nothing else, on numbers by hand."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.one_hot import LabelsAsTeacher, mean_margin
from d3d_tf.keras_api import keras


class Logits(keras.Model):
    """The clip's first numbers as they are."""

    def call(self, inputs, training=None):
        return inputs[:, 0, 0, 0, :]


def test_the_target_is_the_margin_at_the_label():
    """Margin 6, 3 classes, label 1: target (-2, 4, -2); logits (0, 1, 2).

    Squared distances 4, 9, 16: mean 29 / 3, times the weight 2. Cross-entropy
    is log(1 + e + e^2) - 1 = 1.40760596.
    """
    distiller = LabelsAsTeacher(Logits(), 6.0, distillation_loss_weight=2.0)
    distiller.compile()
    frames = tf.constant([[[[[0.0, 1.0, 2.0]]]]])
    labels = tf.constant([1])
    losses = distiller.clip_losses(
        {"frames": frames}, labels, distiller.network(frames)
    )
    weight, distance = losses["distillation_loss"]
    assert weight == 2.0
    assert distance.numpy() == pytest.approx([29 / 3])
    weight, cross_entropy = losses["student_loss"]
    assert weight == 1.0
    assert cross_entropy.numpy() == pytest.approx([1.40760596])


def test_margin_is_above_the_mean_of_the_others():
    """4 - (1 + 3) / 2 = 2 and 0 - (5 + 7) / 2 = -6: -2 on average."""
    logits = np.float32([[4, 1, 3], [5, 0, 7]])
    data = [({"frames": logits[:, None, None, None]}, tf.constant([0, 1]))]
    assert mean_margin(Logits(), data) == pytest.approx(-2)
