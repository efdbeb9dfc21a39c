"""Intervals of means over seeds and videos; numpy only."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000
_AT_ONCE = 100  # For the memory's sake.


def crossed_interval(
    values: np.ndarray, *, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a mean, where all seeds have the same videos.

    The percentile bootstrap: seeds and videos are drawn with replacement, each
    by themselves.

    Args:
      values: `[seeds, videos]`.
      seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    shares = [np.full(size, 1 / size) for size in values.shape]
    means = []
    for _ in range(RESAMPLES // _AT_ONCE):
        seeds, videos = (
            rng.multinomial(len(share), share, size=_AT_ONCE) / len(share)
            for share in shares
        )
        means.append(((seeds @ values) * videos).sum(axis=1))
    return _middle(np.concatenate(means))


def nested_interval(
    groups: Sequence[np.ndarray], *, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a mean, where each seed has videos of its own.

    The hierarchical bootstrap: seeds are drawn with replacement, and the videos
    of each that was drawn.

    Args:
      groups: `[videos]` of each seed; every seed counts as much.
      seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    return _interval_of(groups, drawn, rng)


def stratified_interval(
    groups: Sequence[np.ndarray], *, seed: int = 0
) -> tuple[float, float]:
    """As `nested_interval`, but every group is there once: official splits."""
    rng = np.random.default_rng(seed)
    there = np.tile(np.arange(len(groups)), (RESAMPLES, 1))
    return _interval_of(groups, there, rng)


def _interval_of(
    groups: Sequence[np.ndarray], drawn: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Of the mean over groups; `drawn` are their numbers, `[resamples, ...]`.

    The videos of each are drawn anew each time.
    """
    means = np.empty(drawn.shape)
    for number, group in enumerate(groups):
        # Drawing videos is drawing their values, of which there are few.
        values, counts = np.unique(group, return_counts=True)
        here = drawn == number
        draws = rng.multinomial(
            len(group), counts / len(group), size=int(here.sum())
        )
        means[here] = draws @ values / len(group)
    return _middle(means.mean(axis=1))


def _middle(means: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
