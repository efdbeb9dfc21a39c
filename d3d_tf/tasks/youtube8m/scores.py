"""The best answers on each video of a split, and the measures of the kit."""

import dataclasses
import functools
from typing import ClassVar

import numpy as np

from d3d_tf.evaluation.metrics import Metric
from d3d_tf.evaluation.scores import Scores
from d3d_tf.tasks.multilabel.scores import LabelScores
from d3d_tf.tasks.youtube8m.ranked_labels import TOP_K, best_of

_DRAWS = 200
_NONE = -1


@dataclasses.dataclass(frozen=True)
class RankedScores(Scores):
    """The 20 highest scores of a network on each video.

    So a million videos of 4716 classes take 0.3 GB. mAP is the mean over
    classes with a video; for the kit's other reading see `RankedLabels`.

    Attributes:
      ids: `[videos]` str.
      labels: int32 `[videos, most labels]`, the classes of a video; -1 follows
        where it has fewer.
      precisions: float32 `[videos]`: the share of its labels among as many of
        the highest scores, see `RankedLabels.perr`.
      classes: int32 `[videos, 20]`, of the highest score first.
      probabilities: float32 `[videos, 20]`, their sigmoid scores.
    """

    precisions: np.ndarray
    classes: np.ndarray
    probabilities: np.ndarray

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
    averaged: ClassVar[str] = "sigmoid scores"
    output: ClassVar[str] = "probabilities"
    fuses: ClassVar[bool] = False
    prepared = staticmethod(LabelScores.prepared)

    @classmethod
    def of_views(cls, ids, labels, outputs, views, pooling="mean"):
        pooled = LabelScores.of_views(ids, labels, outputs, views, pooling)
        return cls.of_answers(pooled.ids, pooled.labels, pooled.probabilities)

    @classmethod
    def of_answers(
        cls, ids: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
    ) -> "RankedScores":
        """What is kept of all the scores of some videos.

        Args:
          ids: `[videos]` str.
          labels: `[videos, classes]` 0 or 1.
          probabilities: `[videos, classes]` float.
        """
        labels = np.asarray(labels) > 0
        kept, values, precisions = best_of(
            np.asarray(probabilities, np.float32), labels, TOP_K
        )
        own = np.full([len(labels), labels.sum(1).max(initial=0)], _NONE)
        rows, found = np.nonzero(labels)
        starts = np.searchsorted(rows, np.arange(len(labels)))
        own[rows, np.arange(len(rows)) - starts[rows]] = found
        return cls(
            np.asarray(ids),
            own.astype(np.int32),
            precisions.astype(np.float32),
            kept.astype(np.int32),
            values,
        )

    @classmethod
    def joined(cls, parts: list["RankedScores"]) -> "RankedScores":
        """Of several batches, one after the other."""
        most = max(part.labels.shape[1] for part in parts)
        widened = [
            np.pad(
                part.labels,
                [(0, 0), (0, most - part.labels.shape[1])],
                constant_values=_NONE,
            )
            for part in parts
        ]
        fields = [field.name for field in dataclasses.fields(cls)]
        values = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in fields
            if name != "labels"
        }
        return cls(labels=np.concatenate(widened), **values)

    def metrics(self) -> dict[str, dict]:
        """Of all videos; bootstrap over videos."""
        return self._metrics

    # Of a million videos it takes minutes, and several ask for it.
    @functools.cached_property
    def _metrics(self) -> dict[str, dict]:
        count = len(self.labels)
        ranks = _Ranks(self)
        values = ranks.values(np.ones(count))
        rng = np.random.default_rng(0)
        drawn = [
            ranks.values(
                np.bincount(rng.integers(0, count, count), minlength=count)
            )
            for _ in range(_DRAWS)
        ]
        bounds = np.percentile(drawn, [2.5, 97.5], axis=0).T
        return {
            name: {"value": value, "n": count, "ci95": interval.tolist()}
            for name, value, interval in zip(
                self.measures, values, bounds, strict=True
            )
        }

    def average_precisions(self, num_classes: int) -> np.ndarray:
        """`[num_classes]`: of what is kept; 0 of classes without videos."""
        found = _Ranks(self).by_class(np.ones(len(self.labels)))
        return np.pad(found, (0, num_classes - len(found)))

    def frequencies(self, num_classes: int) -> np.ndarray:
        """`[num_classes]`: how many of the videos have each class."""
        own = self.labels[self.labels != _NONE]
        return np.bincount(own, minlength=num_classes)

    def fits(self) -> bool:
        same = self.classes.shape == self.probabilities.shape
        return self.labels.ndim == 2 and same and super().fits()


class _Ranks:
    """All that is kept, sorted once, for the measures of any draw of videos."""

    def __init__(self, scores: RankedScores):
        classes, labels = scores.classes, scores.labels
        right = _among(classes, labels)
        self._hits = right[:, 0] if right.size else np.zeros(len(right), bool)
        self._precisions = scores.precisions
        self._owners, places = np.nonzero(labels >= 0)
        self._own = labels[self._owners, places]
        # Equal scores come in any order, the same in every run.
        order = np.random.default_rng(0).permutation(classes.size)
        values = scores.probabilities.ravel()
        order = order[np.argsort(-values[order], kind="stable")]
        self._pooled = self._list(order, right, classes)
        by_class = order[np.argsort(classes.ravel()[order], kind="stable")]
        self._by_class = self._list(by_class, right, classes)
        self._num_classes = 1 + max(
            classes.max(initial=0), self._own.max(initial=0)
        )

    @staticmethod
    def _list(order, right, classes) -> tuple:
        """Videos, rightness and classes, in that order."""
        videos = order // max(1, classes.shape[1])
        return videos, right.ravel()[order], classes.ravel()[order]

    def values(self, weights: np.ndarray) -> list[float]:
        """In the order of `measures`.

        Args:
          weights: `[videos]`, how often each video counts.
        """
        total = weights.sum()
        counts = np.bincount(
            self._own, weights[self._owners], self._num_classes
        )
        gains, _ = self._gains(self._pooled, weights)
        gap = gains.sum() / max(counts.sum(), 1)
        precisions = self.by_class(weights)[counts > 0]
        return [
            float(gap),
            float(precisions.mean()) if len(precisions) else 0.0,
            float(weights @ self._hits / total),
            float(weights @ self._precisions / total),
        ]

    def by_class(self, weights: np.ndarray) -> np.ndarray:
        """`[classes]`: average precisions; 0 of classes without videos.

        Args:
          weights: as of `values`.
        """
        counts = np.bincount(
            self._own, weights[self._owners], self._num_classes
        )
        gains, classes = self._gains(self._by_class, weights, parts=True)
        sums = np.bincount(classes, gains, self._num_classes)
        return sums / np.maximum(counts, 1)

    def _gains(self, listed: tuple, weights, *, parts: bool = False) -> tuple:
        """Precision at each right one, as often as its video counts.

        Args:
          listed: of `_list`.
          weights: of the videos.
          parts: whether each class begins anew.
        """
        videos, right, classes = listed
        own = weights[videos]
        seen, found = np.cumsum(own), np.cumsum(own * right)
        if parts and len(classes):
            starts = np.flatnonzero(np.diff(classes, prepend=-1))
            lengths = np.diff(starts, append=len(classes))
            before = np.maximum(starts - 1, 0)
            first = starts > 0
            seen -= np.repeat(seen[before] * first, lengths)
            found -= np.repeat(found[before] * first, lengths)
        return own * right * found / np.maximum(seen, 1), classes


def _among(classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`[videos, kept]` bool: whether a class is one of the video's labels."""
    found = np.zeros(classes.shape, bool)
    for column in labels.T:
        found |= classes == column[:, None]
    return found
