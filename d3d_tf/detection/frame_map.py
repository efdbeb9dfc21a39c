"""Frame-mAP: which detections are right, and how good a ranking of them is.

The rules are those of ActivityNet's evaluation of AVA (2018): in a keyframe the
detections of an action are looked at from the best score down. Each sees only
the true box of that action which it shares most with, the first of equal ones;
it is right if they share enough and no better detection has taken that box.
There is no second choice, as COCO has it.
"""

import dataclasses
import heapq

import numpy as np

from d3d_tf.detection.average_precision import average_precision
from d3d_tf.detection.rows import Rows
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.errors import UserError

Keyframes = set[tuple[str, int]]
# A key of a keyframe is its video's place times this, plus microseconds.
_VIDEO = 10**13
_ACTIONS = 1 << 20


@dataclasses.dataclass(frozen=True)
class Matches:
    """What counts of a ground truth and of detections, and which are right.

    Attributes:
      videos: ids.
      truth_video, truth_action: int64 `[truths]`.
      video, action: int64 `[detections]`; keyframes in the order in which the
        file has them first, and rows in that of the file.
      scores: float64 `[detections]`.
      hits: bool `[detections]`.
      keyframes: how many there are with true boxes.
      oracle: whether all boxes of detections are true boxes of their keyframe:
        nobody had to find them.
      left_out: by reason, rows of either file that do not count.
    """

    videos: list[str]
    truth_video: np.ndarray
    truth_action: np.ndarray
    video: np.ndarray
    action: np.ndarray
    scores: np.ndarray
    hits: np.ndarray
    keyframes: int
    oracle: bool
    left_out: dict[str, int]

    def average_precisions(
        self, actions: list[int], weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Of each action; NaN of one that is nowhere true.

        Args:
          actions: their numbers.
          weights: `[videos]`, how often each video counts; None: once.
        """
        own = truth_own = None
        if weights is not None:
            own, truth_own = weights[self.video], weights[self.truth_video]
        found = []
        order = np.argsort(self.action, kind="stable")
        ranked = self.action[order]
        for action in actions:
            start, end = np.searchsorted(ranked, [action, action + 1])
            rows = order[start:end]
            true = self.truth_action == action
            found.append(
                average_precision(
                    self.scores[rows],
                    self.hits[rows],
                    true.sum() if truth_own is None else truth_own[true].sum(),
                    None if own is None else own[rows],
                )
            )
        return np.array(found)


def match(
    truth: Rows,
    found: Rows,
    actions: dict[int, str],
    excluded: Keyframes,
    rules: DetectionRecipe,
) -> Matches:
    """Compares detections with a ground truth.

    Args:
      truth: true boxes.
      found: detections, with scores.
      actions: those that count.
      excluded: keyframes that do not.
      rules: as `detection.*` says.

    Raises:
      UserError: a detection has no score, or a true box is upside down.
    """
    if np.isnan(found.last).any():
        raise UserError(
            f"{int(np.isnan(found.last).sum())} detections have no score in "
            "their eighth column."
        )
    videos = list(dict.fromkeys([*truth.videos, *found.videos]))
    places = {name: place for place, name in enumerate(videos)}
    banned = _keys(excluded, places)
    number = np.array(sorted(actions))
    left_out = {}

    def kept(rows: Rows, what: str) -> tuple[np.ndarray, np.ndarray]:
        own = np.array([places[name] for name in rows.videos], np.int64)
        keys = own[rows.video] * _VIDEO + rows.time if len(rows) else rows.time
        known = np.flatnonzero(np.isin(rows.action, number))
        left_out[f"{what} of other actions"] = len(rows) - len(known)
        known = known[_by_keyframe(keys[known])]
        allowed = ~np.isin(keys[known], banned)
        left_out[f"{what} on excluded keyframes"] = int((~allowed).sum())
        return keys, known[allowed]

    keys, rows = kept(truth, "true boxes")
    named = np.union1d(keys, _keys(truth.keyframes, places))
    keys, boxes = keys[rows], truth.boxes[rows]
    _require_upright(boxes)
    found_keys, best = kept(found, "detections")
    flat = (found.boxes[best, 2:] <= found.boxes[best, :2]).any(1)
    left_out["detections without an area"] = int(flat.sum())
    best = best[~flat]
    if not rules.unlisted_keyframes:
        unlisted = ~np.isin(found_keys[best], named)
        left_out["detections on unlisted keyframes"] = int(unlisted.sum())
        best = best[~unlisted]
    if rules.rows_per_keyframe:
        chosen = _best_rows(found, found_keys, best, rules.rows_per_keyframe)
        left_out["detections behind the best of a keyframe"] = len(best) - len(
            chosen
        )
        best = chosen
    hits, in_place = _hits(
        *(keys, truth.action[rows], boxes),
        *(found_keys[best], found.action[best], found.boxes[best]),
        found.last[best],
        rules.iou,
    )
    return Matches(
        videos=videos,
        truth_video=keys // _VIDEO,
        truth_action=truth.action[rows],
        video=found_keys[best] // _VIDEO,
        action=found.action[best],
        scores=found.last[best],
        hits=hits,
        keyframes=len(np.unique(keys)),
        oracle=in_place,
        left_out={k: n for k, n in left_out.items() if n},
    )


def _by_keyframe(keys: np.ndarray) -> np.ndarray:
    """The order of rows: keyframes as they first come, and rows in each.

    It is that of the official tools, and decides between equal scores.
    """
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    if len(np.unique(keys[begins])) == len(begins):
        return np.arange(len(keys))  # They are together already.
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(first[group], kind="stable")


def _keys(keyframes, places: dict[str, int]) -> np.ndarray:
    return np.array(
        [places[v] * _VIDEO + t for v, t in keyframes if v in places], np.int64
    )


def _require_upright(boxes: np.ndarray) -> None:
    turned = (boxes[:, 2:] < boxes[:, :2]).any(1)
    if turned.any():
        y1, x1, y2, x2 = boxes[np.flatnonzero(turned)[0]]
        raise UserError(
            f"{int(turned.sum())} true boxes have their corners the wrong way "
            f"round, the first is x1={x1}, y1={y1}, x2={x2}, y2={y2}."
        )


def _best_rows(found: Rows, keys, rows, most: int) -> np.ndarray:
    """The best `most` rows of each keyframe, as the server of 2019 keeps them.

    Of equal scores at the end, those with the largest action and box, of the
    earlier rows; a row that is no better than the worst kept one is refused.
    """
    order = rows[np.argsort(keys[rows], kind="stable")]
    _, starts = np.unique(keys[order], return_index=True)
    chosen: list[int] = []
    for group in np.split(order, starts[1:]):
        if len(group) <= most:
            chosen.extend(group)
            continue
        heap: list[tuple] = []
        for row in group:
            score = found.last[row]
            if len(heap) == most and score <= heap[0][0]:
                continue
            heapq.heappush(
                heap, (score, found.action[row], *found.boxes[row], row)
            )
            if len(heap) > most:
                heapq.heappop(heap)
        chosen.extend(entry[-1] for entry in heap)
    return rows[np.isin(rows, chosen)]


def _hits(
    keys, actions, boxes, found_keys, found_actions, found_boxes, scores, iou
) -> tuple[np.ndarray, bool]:
    """Which detections are right, and whether each one is a true box."""
    hits = np.zeros(len(found_keys), bool)
    order = np.argsort(keys, kind="stable")
    seen = np.unique(keys)
    # A number for keyframe and action together.
    groups = np.searchsorted(seen, keys) * _ACTIONS + actions
    by_group = np.argsort(groups, kind="stable")
    place = np.searchsorted(seen, found_keys)
    place[place == len(seen)] = 0
    there = seen[place] == found_keys if len(seen) else np.zeros(0, bool)
    if not len(seen):
        return hits, False
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
    return hits, _all_true(keys[order], boxes[order], found_keys, found_boxes)


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes `[rows, 4]`, pair by pair."""
    height, width = np.maximum(
        0.0, np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    ).T
    inside = height * width
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b)]
    return inside / (areas[0] + areas[1] - inside)


def _all_true(keys, boxes, found_keys, found_boxes) -> bool:
    """Whether every detection has the very corners of a true box there."""
    known = {(k, *box) for k, box in zip(keys, map(tuple, boxes), strict=True)}
    return len(found_keys) > 0 and all(
        (key, *box) in known
        for key, box in zip(found_keys, map(tuple, found_boxes), strict=True)
    )
