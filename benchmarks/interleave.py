"""Several ways to the same answer, timed in turns."""

import collections
from collections.abc import Callable

import numpy as np

# Milliseconds and the answer.
Timed = tuple[float, np.ndarray]
RESAMPLES = 10_000


def take_turns(
    cases: dict[str, Callable[[], Timed]], rounds: int
) -> dict[str, tuple[list[float], np.ndarray]]:
    """Times of each call, one a round, and what it answers.

    Every round begins with another case, and the odd ones go backwards, so
    that nobody always comes after the same one.
    """
    answers = {}
    for name, call in cases.items():
        call()  # Compiles.
        answers[name] = call()[1].copy()
    times: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(rounds):
        names = collections.deque(cases)
        names.rotate(turn // 2)
        for name in reversed(names) if turn % 2 else names:
            times[name].append(cases[name]()[0])
    return {name: (spent, answers[name]) for name, spent in times.items()}


def times_as_fast(spent: list[float], baseline: list[float]) -> dict:
    """The median of baseline / spent over rounds, its 95 % interval.

    The machine's own drift is in both times of a round, and so in neither
    ratio. The interval is the percentile bootstrap over rounds.
    """
    ratios = np.divide(baseline, spent)
    rng = np.random.default_rng(0)
    drawn = rng.choice(ratios, [RESAMPLES, len(ratios)])
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return {
        "ratio": float(np.median(ratios)),
        "ratio_ci95": [float(low), float(high)],
    }
