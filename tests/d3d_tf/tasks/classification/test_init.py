"""Numbers by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.tasks.classification import TASK

# Odds 3 : 1, that is 3/4 and 1/4.
LOGITS = np.log(np.float32([[3.0, 1.0]]))


def test_loss():
    """-log(1/4) of the second class."""
    loss = TASK.loss()(tf.constant([1]), tf.constant(LOGITS))
    assert float(loss) == pytest.approx(math.log(4), rel=1e-6)


def test_metrics():
    (top1,) = TASK.metrics()
    top1.update_state([0, 1, 0], np.repeat(LOGITS, 3, axis=0))
    assert top1.name == "top1"
    assert float(top1.result()) == pytest.approx(2 / 3)


def test_probabilities_and_scores():
    np.testing.assert_allclose(
        TASK.probabilities(tf.constant(LOGITS)), [[0.75, 0.25]], rtol=1e-6
    )
    scores = TASK.scores.prepared(LOGITS)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, [[0.75, 0.25]], rtol=1e-6)
