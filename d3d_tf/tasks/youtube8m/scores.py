"""Sigmoid scores of a split, and the measures of YouTube-8M's kit."""

import dataclasses
from typing import ClassVar

import numpy as np

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.tasks.multilabel.scores import LabelScores
from d3d_tf.tasks.youtube8m.ranked_labels import RankedLabels

_DRAWS = 200


@dataclasses.dataclass(frozen=True)
class RankedScores(LabelScores):
    """The scores of a network on a split, see `LabelScores`.

    mAP is the mean over classes with a video; for the kit's other reading, and
    for splits that do not fit into memory, see `RankedLabels`.
    """

    task: ClassVar[str] = "youtube8m"
    measures: ClassVar[dict[str, Metric]] = {
        name: Metric(title, interval="bootstrap")
        for name, title in (
            ("gap", "GAP@20"),
            ("map", "mAP@20"),
            ("hit1", "Hit@1"),
            ("perr", "PERR"),
        )
    }

    def metrics(self) -> dict[str, dict]:
        """Of all videos; bootstrap over videos."""
        rng = np.random.default_rng(0)
        count = len(self.labels)
        values = self._values(np.arange(count))
        drawn = [
            self._values(places)
            for places in rng.integers(0, count, [_DRAWS, count])
        ]
        bounds = np.percentile(drawn, [2.5, 97.5], axis=0).T
        return {
            name: {"value": value, "n": count, "ci95": interval.tolist()}
            for name, value, interval in zip(
                self.measures, values, bounds, strict=True
            )
        }

    def _values(self, places: np.ndarray) -> list[float]:
        """Of some videos, in the order of `measures`."""
        ranks = RankedLabels(self.labels.shape[1])
        ranks.add(self.probabilities[places], self.labels[places])
        mean = ranks.mean_average_precision()
        return [ranks.gap(), mean, ranks.hit1(), ranks.perr()]
