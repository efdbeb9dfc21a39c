"""Compares two networks on the same videos, overall and by class."""

import dataclasses
import functools

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.evaluation.scores import Scores

# "Less than a +-0.1 % difference" (D3D, supplement, figure 3).
UNCHANGED = 0.001


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """Share right of a second network minus that of a first, common videos.

    Attributes:
      videos: that both scored.
      only_first, only_second: videos that one of them alone has right.
      value: difference of the shares, in [-1, 1].
      ci95: its 95 % interval.
    """

    videos: int
    only_first: int
    only_second: int
    value: float
    ci95: tuple[float, float]

    def points(self) -> str:
        """With its interval, for people: `+1.2 points [+0.3, +2.1]`."""
        low, high = (100 * bound for bound in self.ci95)
        return f"{100 * self.value:+.1f} points [{low:+.1f}, {high:+.1f}]"


def paired_difference(
    first: Scores, second: Scores, *, seed: int = 0, resamples: int = 10_000
) -> PairedDifference:
    """Compares video by video, which shows more than two intervals do.

    The interval is the percentile bootstrap over videos.

    Args:
      first, second: the scores, of right and wrong answers; videos that only
        one of them has are ignored.
      seed: of the resampling.
      resamples: their number.

    Raises:
      UserError: no video in common, or one with two labels; or other tasks.
    """
    change = _change(*on_common_videos(first, second))
    count = len(change)
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    # Drawing videos with replacement is drawing their three kinds.
    draws = np.random.default_rng(seed).multinomial(
        count,
        [better / count, worse / count, 1 - (better + worse) / count],
        size=resamples,
    )
    low, high = np.percentile((draws[:, 0] - draws[:, 1]) / count, [2.5, 97.5])
    return PairedDifference(
        videos=count,
        only_first=worse,
        only_second=better,
        value=(better - worse) / count,
        ci95=(float(low), float(high)),
    )


def class_differences(first: Scores, second: Scores) -> dict[int, float]:
    """`{class: share right of the second minus that of the first}`.

    On common videos.

    The quantity of figure 3 in the supplement of D3D.

    Raises:
      UserError: as `paired_difference`.
    """
    first, second = on_common_videos(first, second)
    change = _change(first, second)
    return {
        int(label): float(change[first.labels == label].mean())
        for label in np.unique(first.labels)
    }


def _change(first: Scores, second: Scores) -> np.ndarray:
    """`[videos]` -1, 0 or 1: of what only the first, or the second, has."""
    return second.right().astype(int) - first.right().astype(int)


def describe_classes(differences: dict[int, float]) -> str:
    """For people: on how many classes the second is better or worse."""
    values = np.array(list(differences.values()))
    better, worse = (values >= UNCHANGED).sum(), (values <= -UNCHANGED).sum()
    return (
        f"{better} of {len(values)} classes better, {worse} worse, "
        f"{len(values) - better - worse} within 0.1 %"
    )


def on_common_videos(first: Scores, *others: Scores) -> list[Scores]:
    """All of them in the order of the ids, on the videos that all have.

    Raises:
      UserError: as `paired_difference`.
    """
    if len({type(s) for s in (first, *others)}) > 1:
        raise UserError(
            "The results are of different tasks: "
            f"{', '.join(s.averaged for s in (first, *others))}."
        )
    common = functools.reduce(
        np.intersect1d, [s.ids for s in others], first.ids
    )
    if not len(common):
        raise UserError("The results are of different videos altogether.")
    found = [s.of(common).by_id() for s in (first, *others)]
    labels = found[0].labels
    for other in found[1:]:
        differing = labels != other.labels
        # A target may be more than one number.
        differing = differing.reshape(len(common), -1).any(axis=1)
        if differing.any():
            raise UserError(
                f"{differing.sum()} of {len(common)} common videos have "
                f"another label in the other result, {other.ids[differing][0]} "
                "for one: the two were scored with different label maps."
            )
    return found
