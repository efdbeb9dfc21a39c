"""Which detections find a true box, keyframe by keyframe and action by action.

Everything is done for all keyframes at once: rows of one keyframe have one key.
"""

import heapq

import numpy as np

# Above all numbers of actions.
_ACTIONS = 1 << 20


def by_keyframe(keys: np.ndarray) -> np.ndarray:
    """The order of rows: keyframes as they first come, and rows in each.

    It is that of the official tools, and decides between equal scores.
    """
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    if len(np.unique(keys[begins])) == len(begins):
        return np.arange(len(keys))  # They are together already.
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(first[group], kind="stable")


def best_rows(
    keys: np.ndarray,
    scores: np.ndarray,
    actions: np.ndarray,
    boxes: np.ndarray,
    most: int,
) -> np.ndarray:
    """The best `most` rows of each keyframe, as the server of 2019 keeps them.

    A row that is no better than the worst kept one is refused; of kept rows
    with that score, the one with the least action and box leaves first.

    Args:
      keys: int64 `[rows]`, those of a keyframe together.
      scores, actions, boxes: of the rows.
      most: how many stay.

    Returns:
      bool `[rows]`.
    """
    kept = np.ones(len(keys), bool)
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    for begin, end in zip(begins, [*begins[1:], len(keys)], strict=True):
        if end - begin <= most:
            continue
        heap: list[tuple] = []
        for row in range(begin, end):
            if len(heap) == most and scores[row] <= heap[0][0]:
                continue
            heapq.heappush(heap, (scores[row], actions[row], *boxes[row], row))
            if len(heap) > most:
                heapq.heappop(heap)
        kept[begin:end] = False
        kept[[entry[-1] for entry in heap]] = True
    return kept


def hits_of(
    keys: np.ndarray,
    actions: np.ndarray,
    boxes: np.ndarray,
    found_keys: np.ndarray,
    found_actions: np.ndarray,
    found_boxes: np.ndarray,
    scores: np.ndarray,
    iou: float,
) -> np.ndarray:
    """Which detections are right.

    Args:
      keys, actions, boxes: of the true boxes, `[truths]` and `[truths, 4]`.
      found_keys, found_actions, found_boxes, scores: of the detections.
      iou: the share that is enough.

    Returns:
      bool `[detections]`.
    """
    hits = np.zeros(len(found_keys), bool)
    seen = np.unique(keys)
    if not len(seen):
        return hits
    # A number for keyframe and action together.
    groups = np.searchsorted(seen, keys) * _ACTIONS + actions
    by_group = np.argsort(groups, kind="stable")
    place = np.searchsorted(seen, found_keys)
    place[place == len(seen)] = 0
    there = seen[place] == found_keys
    found_groups = np.where(there, place * _ACTIONS + found_actions, -1)
    first = np.searchsorted(groups[by_group], found_groups, "left")
    last = np.searchsorted(groups[by_group], found_groups, "right")
    rows = np.flatnonzero(last > first)
    counts = (last - first)[rows]
    if len(rows):
        pairs = np.repeat(rows, counts)
        starts = np.cumsum(counts) - counts
        within = np.arange(len(pairs)) - np.repeat(starts, counts)
        candidates = by_group[np.repeat(first[rows], counts) + within]
        shared = _overlap(found_boxes[pairs], boxes[candidates])
        largest = np.maximum.reduceat(shared, starts)
        # The first of those with the largest share.
        is_largest = shared == np.repeat(largest, counts)
        rank = np.where(is_largest, within, len(pairs))
        chosen = candidates[starts + np.minimum.reduceat(rank, starts)]
        enough = largest >= iou
        rows, chosen = rows[enough], chosen[enough]
        ranked = np.argsort(-scores[rows], kind="stable")
        _, takers = np.unique(chosen[ranked], return_index=True)
        hits[rows[ranked[takers]]] = True
    return hits


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes `[rows, 4]`, pair by pair."""
    height, width = np.maximum(
        0.0, np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    ).T
    inside = height * width
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return inside / (areas[0] + areas[1] - inside)


def are_true_boxes(
    keys: np.ndarray,
    boxes: np.ndarray,
    found_keys: np.ndarray,
    found_boxes: np.ndarray,
) -> bool:
    """Whether every detection has the very corners of a true box there.

    Args:
      keys, boxes: of the true boxes, `[truths]` and `[truths, 4]`.
      found_keys, found_boxes: of the detections; without any the answer is no.
    """
    known = {(k, *box) for k, box in zip(keys, map(tuple, boxes), strict=True)}
    return len(found_keys) > 0 and all(
        (key, *box) in known
        for key, box in zip(found_keys, map(tuple, found_boxes), strict=True)
    )
