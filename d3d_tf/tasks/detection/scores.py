"""What a detector says of a split's keyframes, and its frame-mAP."""

import dataclasses
import functools
from typing import ClassVar

import numpy as np

from d3d_tf.detection.frame_map import Matches, match
from d3d_tf.detection.rows import Rows
from d3d_tf.detection.settings import DetectionRecipe
from d3d_tf.evaluation.metrics import Metric
from d3d_tf.evaluation.scores import Scores
from d3d_tf.names import spell, unspell

_DRAWS = 200
_MICRO = 1_000_000


@dataclasses.dataclass(frozen=True)
class DetectionScores(Scores):
    """The answers of a network to the boxes of each keyframe.

    Where a keyframe has fewer persons or boxes than another, rows of zeros
    follow.

    Attributes:
      ids: `[keyframes]` str, `VIDEO/0902`.
      labels: float32 `[keyframes, persons, 4 + classes]`, as `Persons` has
        them.
      boxes: float32 `[keyframes, boxes, 4]`: y1, x1, y2, x2 as shares.
      probabilities: float32 `[keyframes, boxes, classes]`.
    """

    boxes: np.ndarray
    probabilities: np.ndarray

    task: ClassVar[str] = "detection"
    measures: ClassVar[dict[str, Metric]] = {
        "frame_map": Metric("frame-mAP", interval="bootstrap over videos")
    }
    averaged: ClassVar[str] = "sigmoid scores"
    output: ClassVar[str] = "probabilities"

    def metrics(self) -> dict[str, dict]:
        """Over all actions that are there; the bootstrap draws videos."""
        return self._metrics

    # Of ten million answers it takes minutes, and several ask for it.
    @functools.cached_property
    def _metrics(self) -> dict[str, dict]:
        count = self.labels.shape[-1] - 4
        numbers = [*range(1, count + 1)]
        matches = self.matches().ranked()
        videos = len(matches.videos)
        rng = np.random.default_rng(0)
        drawn = [
            frame_map(matches, numbers, draw)
            for draw in rng.multinomial(
                videos, np.full(videos, 1 / videos), size=_DRAWS
            )
        ]
        value = frame_map(matches, numbers)
        ci95 = [float(b) for b in np.nanpercentile(drawn, [2.5, 97.5])]
        entry = {"value": value, "n": len(self.ids), "ci95": ci95}
        return {"frame_map": entry}

    def matches(self) -> Matches:
        """Which of the detections are right, by AVA's rules."""
        count = self.labels.shape[-1] - 4
        names = {number: str(number) for number in range(1, count + 1)}
        truth = self._rows(self.labels[..., :4], self.labels[..., 4:])
        found = self._rows(self.boxes, self.probabilities)
        return match(truth, found, names, set(), DetectionRecipe())

    def rows(self) -> Rows:
        """The detections: a row per keyframe, box and action."""
        return self._rows(self.boxes, self.probabilities)

    def _rows(self, boxes: np.ndarray, values: np.ndarray) -> Rows:
        """Of every value above 0, in the order of keyframes."""
        pairs = [keyframe_of(id_) for id_ in self.ids]
        videos = list(dict.fromkeys(video for video, _ in pairs))
        places = {video: place for place, video in enumerate(videos)}
        own = np.array([places[video] for video, _ in pairs], np.int32)
        times = np.array([time for _, time in pairs], np.int64)
        keyframe, box, action = np.nonzero(values > 0)
        return Rows(
            videos=videos,
            video=own[keyframe],
            time=times[keyframe],
            boxes=boxes[keyframe, box].astype(np.float64),
            action=action + 1,
            last=values[keyframe, box, action].astype(np.float64),
            keyframes=pairs,
        )

    def fits(self) -> bool:
        return (
            self.labels.ndim == 3
            and self.boxes.shape[:2] == self.probabilities.shape[:2]
            and self.labels.shape[-1] - 4 == self.probabilities.shape[-1]
            and super().fits()
        )


def id_of(video: str, time: int) -> str:
    """Of a keyframe's record: its second, in whole ones as AVA writes it.

    >>> id_of("-5KQ66BBWC4", 902000000)
    '-5KQ66BBWC4/0902'

    Args:
      video: its name.
      time: in microseconds.
    """
    whole = f"{time // _MICRO:04d}"
    return f"{spell(video)}/" + (whole if time % _MICRO == 0 else f"{time}us")


def keyframe_of(id_: str) -> tuple[str, int]:
    """Video and microseconds of a record's id; the inverse of `id_of`.

    >>> keyframe_of("-5KQ66BBWC4/0902")
    ('-5KQ66BBWC4', 902000000)
    """
    video, _, time = id_.rpartition("/")
    if time.endswith("us"):
        return unspell(video), int(time[:-2])
    return unspell(video), int(time) * _MICRO


def frame_map(
    matches: Matches, numbers: list[int], weights: np.ndarray | None = None
) -> float:
    """The mean over actions that are true somewhere; 0 if none is.

    Args:
      matches: what was right.
      numbers: of the actions.
      weights: `[videos]`, how often each counts; None: once.
    """
    found = matches.average_precisions(numbers, weights)
    known = found[~np.isnan(found)]
    return float(known.mean()) if len(known) else 0.0
