"""Soft-max scores of a split, and the accuracies that follow."""

import dataclasses
from typing import ClassVar

import numpy as np

from d3d_tf.evaluation.metrics import CONVERGED, Metric, wilson_interval
from d3d_tf.evaluation.scores import Scores


@dataclasses.dataclass(frozen=True)
class ClassScores(Scores):
    """The scores of a network on a split.

    Attributes:
      ids: `[videos]` str.
      labels: `[videos]` int.
      probabilities: `[videos, classes]` float, rows sum to 1.
    """

    probabilities: np.ndarray

    measures: ClassVar[dict[str, Metric]] = {
        "top1": Metric("top-1", failed_below=CONVERGED),
        "top5": Metric("top-5"),
    }
    # Soft-max scores are averaged and not logits, as in D3D's fusion of
    # networks (section 5.3).
    averaged: ClassVar[str] = "soft-max scores"
    output: ClassVar[str] = "probabilities"
    judged: ClassVar[bool] = True

    @staticmethod
    def prepared(outputs: np.ndarray) -> np.ndarray:
        """`[videos, classes]` logits to probabilities in float64."""
        shifted = outputs.astype(np.float64)
        shifted -= shifted.max(axis=1, keepdims=True)
        exponents = np.exp(shifted)
        return exponents / exponents.sum(axis=1, keepdims=True)

    def top1(self) -> tuple[int, int]:
        """(right, all): videos whose highest score is their label's."""
        right = self.right()
        return int(right.sum()), len(right)

    def top5(self) -> tuple[int, int]:
        """(right, all): videos whose label is among the five highest."""
        best = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :5]
        right = (best == self.labels[:, None]).any(axis=1)
        return int(right.sum()), len(right)

    def metrics(self) -> dict[str, dict]:
        return {
            name: {
                "value": right / total,
                "n": total,
                "ci95": list(wilson_interval(right, total)),
            }
            for name, (right, total) in (
                ("top1", self.top1()),
                ("top5", self.top5()),
            )
        }

    def per_class(self, classes: list[str]) -> dict[str, dict]:
        right = self.right()
        return {
            name: {
                "value": float(right[self.labels == i].mean()),
                "n": int((self.labels == i).sum()),
            }
            for i, name in enumerate(classes)
            if (self.labels == i).any()
        }

    def right(self) -> np.ndarray:
        # argmax takes NaN for the highest; an answer of NaN is not right.
        known = np.isfinite(self.probabilities).all(axis=1)
        return known & (self.probabilities.argmax(axis=1) == self.labels)

    def fits(self) -> bool:
        right = self.probabilities.ndim == 2 and self.labels.ndim == 1
        return right and super().fits()
