"""One class per clip: int64 labels, cross-entropy, soft-max, top-1."""

import tensorflow as tf

from d3d_tf.evaluation.metrics import softmax
from d3d_tf.keras_api import keras
from d3d_tf.tasks.task import Task


def _loss():
    # L_a of D3D's equation 1.
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _metrics():
    return [keras.metrics.SparseCategoricalAccuracy(name="top1")]


TASK = Task(
    loss=_loss,
    metrics=_metrics,
    probabilities=tf.nn.softmax,
    scores=softmax,
)
