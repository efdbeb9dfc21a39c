"""What every task must hold."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.keras_api import keras


def check_task(task, labels, outputs, *, losses, probabilities, metrics):
    """A task's answers for a few examples are those worked out by hand.

    Args:
      task: a `Task`.
      labels: as the input pipeline gives them, a batch.
      outputs: float32 `[batch, classes]` of a network.
      losses: float `[batch]`, one of each example.
      probabilities: float `[batch, classes]`.
      metrics: `{name: value}`, over the batch.
    """
    labels, logits = tf.constant(labels), tf.constant(outputs, tf.float32)
    trainer = StreamTrainer(keras.layers.Lambda(lambda x: x))
    trainer.compile(loss=task.loss(), metrics=task.metrics())
    # As training has it, unreduced: the step divides by the global batch.
    ((_, found),) = trainer.clip_losses(None, labels, logits).values()
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    mean = task.loss()(labels, logits)
    np.testing.assert_allclose(mean, np.mean(losses), rtol=1e-5)
    answered, scores = (
        task.probabilities(logits),
        task.scores.prepared(logits.numpy()),
    )
    assert answered.dtype == tf.float32 and scores.dtype == np.float64
    np.testing.assert_allclose(answered, probabilities, rtol=1e-5)
    np.testing.assert_allclose(scores, answered, rtol=1e-5)
    data = tf.data.Dataset.from_tensors((logits, labels))
    logs = trainer.evaluate(data, verbose=0, return_dict=True)
    names = {m.name for m in task.metrics()}
    assert {name: logs[name] for name in names} == pytest.approx(metrics)
