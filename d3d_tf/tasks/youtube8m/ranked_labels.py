"""GAP, mAP, Hit@1 and PERR of YouTube-8M, batch by batch; numpy only.

As google/youtube-8m's kit defines them (`eval_util.py`, commit e6f6bf6), but
for equal scores: the kit shuffles them within a batch, we all together. Model
Garden's packages import a copy of the kit (`official.projects.yt8m.eval_utils`)
that they do not contain.
"""

import numpy as np

TOP_K = 20


class RankedLabels:
    """What is kept of the answers on many videos: the `top_k` of each.

    Those take 8 bytes each, 160 a video, however many classes there are.

    Args:
      num_classes: of the answers.
      top_k: how many scores of a video count; all, if it has fewer classes.
    """

    def __init__(self, num_classes: int, top_k: int = TOP_K):
        self.num_classes = num_classes
        self.top_k = min(top_k, num_classes)
        self.positives = np.zeros(num_classes, np.int64)
        self.videos = 0
        self._hits = 0
        self._precisions = 0.0
        self._scores: list[np.ndarray] = []
        # The class of each score; ~class where the video does not have it.
        self._classes: list[np.ndarray] = []

    def add(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Takes in a batch.

        Args:
          scores: `[videos, num_classes]` float, finite; kept as float32.
          labels: `[videos, num_classes]` 0 or 1.

        Raises:
          ValueError: they are of other shapes.
        """
        scores, labels = np.asarray(scores, np.float32), np.asarray(labels) > 0
        if scores.shape != labels.shape or scores.shape[1:] != (
            self.num_classes,
        ):
            raise ValueError(
                f"Scores of {scores.shape} and labels of {labels.shape} must "
                f"both be [videos, {self.num_classes}]."
            )
        if not len(scores):
            return
        self.videos += len(scores)
        self.positives += labels.sum(axis=0)
        kept, values, precisions = best_of(scores, labels, self.top_k)
        right = np.take_along_axis(labels, kept, 1)
        self._hits += int(right[:, 0].sum())
        self._precisions += precisions.sum()
        self._scores.append(values.ravel())
        codes = np.where(right, kept, ~kept).astype(np.int32)
        self._classes.append(codes.ravel())

    def hit1(self) -> float:
        """The share of videos whose first class is one of theirs."""
        return self._hits / max(self.videos, 1)

    def perr(self) -> float:
        """Precision at equal recall rate: the mean over videos of the share of
        labels among as many classes, the highest, as the video has; videos
        without a label count as 0, and a score that is not above 0 as no class.
        """
        return self._precisions / max(self.videos, 1)

    def gap(self) -> float:
        """Global average precision: of what is kept of all videos together."""
        _, right = self._sorted()
        total = self.positives.sum()
        return _average_precision(right, total) if total else 0.0

    def average_precisions(self) -> np.ndarray:
        """`[num_classes]`: of what is kept of each class, over all its videos.

        0 for a class without videos.
        """
        classes, right = self._sorted()
        order = np.argsort(classes, kind="stable")
        bounds = np.searchsorted(
            classes, np.arange(1, self.num_classes), sorter=order
        )
        parts = np.split(right[order], bounds)
        return np.array(
            [
                _average_precision(part, total) if total else 0.0
                for part, total in zip(parts, self.positives, strict=True)
            ]
        )

    def mean_average_precision(self, *, empty_classes: bool = False) -> float:
        """The mean of `average_precisions`.

        Args:
          empty_classes: a class without videos counts as 0, as in the kit of
            2017 and 2018 and in H-RNN's and NeXtVLAD's code; else it does not
            count, as in the kit of 2019.
        """
        found = self.average_precisions()
        if not empty_classes:
            found = found[self.positives > 0]
        return float(found.mean()) if len(found) else 0.0

    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """Classes, and whether they are right, from the highest score on.

        Equal scores come in any order, the same in every run.
        """
        if not self.videos:
            return np.zeros(0, np.int32), np.zeros(0, bool)
        scores = np.concatenate(self._scores)
        codes = np.concatenate(self._classes)
        order = np.random.default_rng(0).permutation(len(scores))
        order = order[np.argsort(-scores[order], kind="stable")]
        codes = codes[order]
        return np.where(codes < 0, ~codes, codes), codes >= 0


def best_of(scores: np.ndarray, labels: np.ndarray, top_k: int) -> tuple:
    """What is kept of the scores of some videos.

    Args:
      scores: `[videos, classes]` float.
      labels: `[videos, classes]` bool.
      top_k: how many of each video, if there are as many.

    Returns:
      Their classes `[videos, top_k]`, of the highest score first and of equal
      ones the first class, their scores, and `[videos]` the precision of as
      many of the highest scores as the video has labels.
    """
    last = max(0, scores.shape[1] - top_k)
    kept = np.argpartition(scores, last - (last > 0), axis=1)[:, last:]
    kept.sort(axis=1)
    values = np.take_along_axis(scores, kept, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    kept = np.take_along_axis(kept, order, 1)
    # More may be equal than are kept.
    best = scores.argmax(axis=1)
    lacking = (kept != best[:, None]).all(axis=1)
    kept[lacking, 0] = best[lacking]
    values = np.take_along_axis(scores, kept, 1)
    return kept, values, _precisions(scores, labels)


def by_frequency(frequency: np.ndarray, sizes: list[int]) -> dict:
    """The most frequent classes and the rarest.

    Args:
      frequency: `[classes]`, training videos of each.
      sizes: how many; each at most all classes.

    Returns:
      `{"top-100": classes, "bottom-100": classes, ...}`, sorted. Of equally
      frequent classes the first is taken for the more frequent.
    """
    order = np.argsort(-np.asarray(frequency), kind="stable")
    return {
        name: np.sort(columns)
        for size in sizes
        for name, columns in (
            (f"top-{size}", order[:size]),
            (f"bottom-{size}", order[len(order) - size :]),
        )
    }


class SubsetRanks:
    """`RankedLabels` of all classes, and of rare and frequent ones alone.

    Args:
      frequency, sizes: of `by_frequency`.
      top_k: as in `RankedLabels`.

    Attributes:
      whole: `RankedLabels` of all classes.
    """

    def __init__(
        self, frequency: np.ndarray, sizes: list[int], top_k: int = TOP_K
    ):
        self._columns = by_frequency(frequency, sizes)
        self.whole = RankedLabels(len(frequency), top_k)
        self._parts = {
            name: RankedLabels(len(columns), top_k)
            for name, columns in self._columns.items()
        }

    def add(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Takes in a batch, as `RankedLabels.add`."""
        self.whole.add(scores, labels)
        for name, columns in self._columns.items():
            self._parts[name].add(scores[:, columns], labels[:, columns])

    def table(self) -> dict[str, dict[str, float]]:
        """A row for each subset, by its name in `by_frequency`.

        `gap`, `hit1`, `perr`, `map` and `map_with_empty` are of the subset
        alone: a video's `top_k` are taken among its classes. `map_of_all` is
        the mean of the classes' precisions among all classes, and
        `share_of_all` their sum over the number of *all* classes, the one
        reading that fits what Bhardwaj et al. print (supplement, table 2).
        """
        precisions = self.whole.average_precisions()
        return {
            name: {
                "gap": part.gap(),
                "hit1": part.hit1(),
                "perr": part.perr(),
                "map": part.mean_average_precision(),
                "map_with_empty": part.mean_average_precision(
                    empty_classes=True
                ),
                "map_of_all": float(precisions[self._columns[name]].mean()),
                "share_of_all": float(
                    precisions[self._columns[name]].sum() / len(precisions)
                ),
            }
            for name, part in self._parts.items()
        }


def _average_precision(right: np.ndarray, total: int) -> float:
    """Precision at each of the right ones, over all there are.

    Args:
      right: bool, from the highest score on.
      total: how many there are, also of what was not kept.
    """
    places = np.flatnonzero(right)
    precisions = np.arange(1, len(places) + 1) / (places + 1)
    return float(precisions.sum() / total)


def _precisions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`[videos]`: of as many of the highest scores as there are labels."""
    counts = labels.sum(axis=1)
    most = int(counts.max(initial=0))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    good = np.take_along_axis(labels, order, 1)
    good &= np.take_along_axis(scores, order, 1) > 0
    good &= np.arange(most) < counts[:, None]
    return good.sum(axis=1) / np.maximum(counts, 1)
