"""Frame-mAP: which detections are right, and how good a ranking of them is.

The rules are those of ActivityNet's evaluation of AVA (2018): in a keyframe the
detections of an action are looked at from the best score down. Each sees only
the true box of that action which it shares most with, the first of equal ones;
it is right if they share enough and no better detection has taken that box.
There is no second choice, as COCO has it.
"""

import dataclasses

import numpy as np

from d3d_tf.detection.average_precision import average_precision
from d3d_tf.detection.matching import (
    are_true_boxes,
    best_rows,
    by_keyframe,
    hits_of,
)
from d3d_tf.detection.rows import Rows
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.errors import UserError

Keyframes = set[tuple[str, int]]
# A key of a keyframe is its video's place times this, plus microseconds.
_VIDEO = 10**13


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

    def ranked(self) -> "Matches":
        """The same, with detections by action and the best first.

        What is sorted is sorted again in no time, as a bootstrap does.
        """
        order = np.lexsort((-self.scores, self.action))
        return dataclasses.replace(
            self,
            video=self.video[order],
            action=self.action[order],
            scores=self.scores[order],
            hits=self.hits[order],
        )

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
    true, best = _selected(truth, found, videos, actions, excluded, rules)
    hits = hits_of(
        *(true.keys, true.action, true.boxes),
        *(best.keys, best.action, best.boxes, best.scores),
        rules.iou,
    )
    return Matches(
        videos=videos,
        truth_video=true.keys // _VIDEO,
        truth_action=true.action,
        video=best.keys // _VIDEO,
        action=best.action,
        scores=best.scores,
        hits=hits,
        keyframes=len(np.unique(true.keys)),
        oracle=are_true_boxes(true.keys, true.boxes, best.keys, best.boxes),
        left_out=true.left_out | best.left_out,
    )


def _selected(
    truth: Rows,
    found: Rows,
    videos: list[str],
    actions: dict[int, str],
    excluded: Keyframes,
    rules: DetectionRecipe,
) -> tuple["_Selection", "_Selection"]:
    """What counts of the true boxes and of the detections."""
    places = {name: place for place, name in enumerate(videos)}
    banned = _keys(excluded, places)
    true = _Selection("true boxes", truth, places, actions)
    true.leave_out("on excluded keyframes", np.isin(true.keys, banned))
    _require_upright(true.boxes)
    best = _Selection("detections", found, places, actions)
    best.leave_out("on excluded keyframes", np.isin(best.keys, banned))
    flat = (best.boxes[:, 2:] <= best.boxes[:, :2]).any(1)
    best.leave_out("without an area", flat)
    if not rules.unlisted_keyframes:
        named = np.append(true.all_keys, _keys(truth.keyframes, places))
        unlisted = ~np.isin(best.keys, named)
        best.leave_out("on unlisted keyframes", unlisted)
    if rules.rows_per_keyframe:
        kept = best_rows(
            *(best.keys, best.scores, best.action, best.boxes),
            rules.rows_per_keyframe,
        )
        best.leave_out("behind the best of a keyframe", ~kept)
    return true, best


class _Selection:
    """Rows that count, keyframe by keyframe, and how many do not."""

    def __init__(self, what: str, rows: Rows, places: dict, actions: dict):
        self._what, self._rows = what, rows
        self.left_out: dict[str, int] = {}
        own = np.array([places[name] for name in rows.videos], np.int64)
        keys = rows.time
        if len(rows):
            keys = own[rows.video] * _VIDEO + rows.time
        self.all_keys = keys
        known = np.isin(rows.action, np.array(sorted(actions)))
        self._places = np.arange(len(rows))
        self.leave_out("of other actions", ~known)
        self._places = self._places[by_keyframe(self.keys)]

    def leave_out(self, why: str, rows: np.ndarray) -> None:
        """Rows of the present ones, bool."""
        if rows.any():
            self.left_out[f"{self._what} {why}"] = int(rows.sum())
        self._places = self._places[~rows]

    @property
    def keys(self) -> np.ndarray:
        return self.all_keys[self._places]

    @property
    def action(self) -> np.ndarray:
        return self._rows.action[self._places]

    @property
    def boxes(self) -> np.ndarray:
        return self._rows.boxes[self._places]

    @property
    def scores(self) -> np.ndarray:
        return self._rows.last[self._places]


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
