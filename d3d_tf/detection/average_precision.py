"""Average precision of ranked detections, as Pascal VOC has it from 2010 on."""

import numpy as np


def average_precision(
    scores: np.ndarray,
    hits: np.ndarray,
    truths: float,
    weights: np.ndarray | None = None,
) -> float:
    """The area under the monotone envelope of precision over recall.

    Equal scores stay in the order in which they are given, which is AVA's
    tools' only where their sorting happens to do so (docs/detection.md).

    Args:
      scores: float `[detections]`.
      hits: bool `[detections]`; which are right.
      truths: how many there are to be found.
      weights: how often each detection counts; None: once.

    Returns:
      0 to 1; NaN without anything to be found.
    """
    if not truths:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    counts = np.ones(len(order)) if weights is None else weights[order]
    right = np.cumsum(hits[order] * counts)
    seen = np.cumsum(counts)
    precision = right / np.maximum(seen, 1e-300)
    recall = right / truths
    # From the right: no precision is below a later one.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))
