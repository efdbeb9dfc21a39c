"""How far answers to the same clips are from each other."""

import numpy as np


def distances(
    answers: np.ndarray, others: np.ndarray, *, classifies: bool
) -> np.ndarray:
    """How far answers are from each other, per clip, 0 (equal) to 1.

    Of probabilities the share that lies on other classes (the total variation);
    classes of which `answers` says nothing (NaN) are one class. Of features
    the length of the difference over the sum of the lengths.

    Args:
      answers, others: float64 `[clips, values]`.
      classifies: whether they are probabilities.

    Returns:
      float64 `[clips]`; NaN where `others` is no number.
    """
    if not classifies:
        lengths = _length(answers) + _length(others)
        return _length(answers - others) / np.maximum(lengths, 1e-30)
    difference = np.where(np.isnan(answers), 0.0, answers - others)
    rest = np.where(
        np.isnan(answers).any(axis=1), np.abs(difference.sum(axis=1)), 0.0
    )
    return 0.5 * (np.abs(difference).sum(axis=1) + rest)


def finer_distance(answers: np.ndarray, others: np.ndarray) -> float:
    """The mean difference of logarithms of probabilities.

    It tells apart answers that are sure of the same classes. Nothing is known
    of what is below the smallest value in `answers`: they may be rounded.

    Args:
      answers, others: float64 `[clips, classes]`; NaN: nothing was said.

    Returns:
      In nats; infinity where `others` is no number.
    """
    known = ~np.isnan(answers)
    least = answers[answers > 0].min(initial=1.0)
    logs = [np.log(np.maximum(a[known], least)) for a in (answers, others)]
    found = float(np.abs(logs[0] - logs[1]).mean())
    return found if np.isfinite(found) else np.inf


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1)
