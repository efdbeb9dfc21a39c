"""Sigmoid scores of a split, and their mean average precision."""

import dataclasses
from typing import ClassVar

import numpy as np

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.evaluation.scores import Scores

_DRAWS = 200


@dataclasses.dataclass(frozen=True)
class LabelScores(Scores):
    """The scores of a network on a split.

    Attributes:
      ids: `[videos]` str.
      labels: `[videos, classes]` 0 or 1.
      probabilities: `[videos, classes]` float, each of its own.
    """

    probabilities: np.ndarray

    task: ClassVar[str] = "multilabel"
    measures: ClassVar[dict[str, Metric]] = {
        "map": Metric("mAP", interval="bootstrap")
    }
    averaged: ClassVar[str] = "sigmoid scores"
    output: ClassVar[str] = "probabilities"

    @staticmethod
    def prepared(outputs: np.ndarray) -> np.ndarray:
        """`[videos, classes]` logits to probabilities in float64."""
        return 1 / (1 + np.exp(-outputs.astype(np.float64)))

    def metrics(self) -> dict[str, dict]:
        """The mean over the classes that a video has; bootstrap over videos."""
        rng = np.random.default_rng(0)
        count = len(self.labels)
        drawn = [
            _mean_precision(self.labels[places], self.probabilities[places])
            for places in rng.integers(0, count, [_DRAWS, count])
        ]
        value = _mean_precision(self.labels, self.probabilities)
        ci95 = [float(bound) for bound in np.percentile(drawn, [2.5, 97.5])]
        return {"map": {"value": value, "n": count, "ci95": ci95}}

    def fits(self) -> bool:
        same = self.labels.shape == self.probabilities.shape
        return self.labels.ndim == 2 and same and super().fits()


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """The sum over thresholds of precision times the recall gained there.

    Videos of one score count at one threshold, as in scikit-learn.

    Args:
      labels: `[videos]` 0 or 1, some 1.
      scores: `[videos]`.
    """
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order])
    # The last video of every score.
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = right[ends]
    gained = np.diff(found, prepend=0) / right[-1]
    return float(np.sum(gained * found / (ends + 1)))


def _mean_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Over the classes of which there is a video; 0 if there is none."""
    there = np.flatnonzero(labels.any(axis=0))
    if not len(there):
        return 0.0
    return float(
        np.mean([average_precision(labels[:, i], scores[:, i]) for i in there])
    )
