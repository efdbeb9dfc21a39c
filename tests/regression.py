"""A task of another kind than any of ours: a number per clip, and its error.

The number is the place of the class, as a float; the network's first output is
the answer.
"""

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow as tf

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.evaluation.scores import Scores
from d3d_tf.keras_api import keras
from d3d_tf.tasks.task import Agreement, Task


class Number:
    """A float32 scalar."""

    several = False

    def features(self):
        return {"clip/label/index": tf.io.FixedLenFeature([], tf.int64)}

    def parse(self, context, num_classes):
        return tf.cast(context["clip/label/index"], tf.float32)

    def mirrored(self, target, flipped, classes):
        return tf.where(flipped, -target, target)

    def listed(self, rows, num_classes):
        return tf.constant([row["label"] for row in rows], tf.float32)

    def agrees(self, target, listed, num_classes):
        return target < 100 if listed is None else target == listed

    def problem(self, context, row, num_classes):
        return None

    def contradiction(self, context, classes):
        return None


@dataclasses.dataclass(frozen=True)
class Numbers(Scores):
    values: np.ndarray

    task: ClassVar[str] = "regression"
    measures: ClassVar[dict[str, Metric]] = {
        "error": Metric("error", unit="places", scale=1.0, interval="normal")
    }
    averaged: ClassVar[str] = "numbers"
    output: ClassVar[str] = "values"

    @staticmethod
    def prepared(outputs):
        return outputs[:, :1].astype(np.float64)

    def metrics(self):
        errors = np.abs(self.values[:, 0] - self.labels)
        spread = 1.96 * errors.std() / len(errors) ** 0.5
        mean = float(errors.mean())
        ci95 = [mean - spread, mean + spread]
        return {"error": {"value": mean, "n": len(errors), "ci95": ci95}}


def _error(numbers, outputs):
    # Keras gives metrics both in one rank.
    return tf.abs(tf.reshape(numbers, [-1]) - outputs[:, 0])


TASK = Task(
    target=Number(),
    loss=lambda: _error,
    metrics=lambda: [keras.metrics.MeanMetricWrapper(_error, name="error")],
    probabilities=lambda outputs: outputs[:, :1],
    describe=lambda answer, classes: [f"{answer[0]:.1f}"],
    caption=lambda target, answer, classes: f"{target} is {answer}",
    agreement=Agreement(
        "near", "as near as 0.5", lambda one, other: abs(one - other)[0] < 0.5
    ),
    scores=Numbers,
)
