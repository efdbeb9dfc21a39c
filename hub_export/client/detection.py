"""Asks a server who does what in the middle of a video."""

import contextlib
import csv
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from d3d_tf.hub_export.client.bounded import file_content
from d3d_tf.hub_export.client.classification import (
    MODEL,
    agreed_frames,
    connect,
    sent_clip,
    timed_answer,
)
from d3d_tf.hub_export.client.errors import ClientError, ServingError
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.hub_export.client.retry import Deadline
from d3d_tf.hub_export.client.signature import (
    BOXES,
    PROBABILITIES,
    Inputs,
    encoded_input,
)

# A person who was found by the model is shown from here on.
FOUND = 0.3


# As of `classification.classify`.
_USUAL: dict[str, Any] = {
    "model": MODEL,
    "version": None,
    "signature": "frames_encoded",
    "deadline": 60.0,
    "retries": 3,
}


@dataclasses.dataclass(frozen=True)
class Detections:
    """What a server says of the persons in the keyframe of a clip.

    Attributes:
      boxes: float64 `[N, 4]`: y1, x1, y2, x2 as shares of the frame.
      probabilities: float64 `[N, actions]`.
      labels: of the actions, in order.
      keyframe: JPEG.
      frames: how many were sent.
      num_bytes: of the encoded frames together.
      seconds: from the request to the answer, decoding not included.
    """

    boxes: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...]
    keyframe: bytes
    frames: int
    num_bytes: int
    seconds: float

    def actions(self, person: int, least: float = 0.5) -> list[tuple]:
        """Those of one person above `least`, (label, probability), best first.

        If there is none, the most probable one.
        """
        row = self.probabilities[person]
        best = np.argsort(-row, kind="stable")
        most = max(1, int((row > least).sum()))
        return [(self.labels[i], float(row[i])) for i in best[:most]]


def detect(
    video: str | Path,
    server: str,
    boxes: np.ndarray | None = None,
    *,
    info: ModuleInfo | None = None,
    **options: Any,
) -> Detections:
    """Asks what persons do in the middle frame of a video.

    Args:
      boxes: float32 `[N, 4]`: y1, x1, y2, x2 of the persons, as shares; None:
        the model finds them.
      video, server, info, options: as of `classification.classify`.

    Raises:
      ServingError, UsageError, ClientError: as there.
    """
    # JSON has no shape for what is empty.
    if boxes is not None and not len(boxes):
        raise ClientError("There is no box: a detector is asked about some.")
    info = dataclasses.replace(info or ModuleInfo(), detects=True, size=None)
    if unknown := options.keys() - _USUAL.keys():
        raise TypeError(f"detect has no argument {min(unknown)!r}.")
    asked = _USUAL | options
    signature = asked["signature"]
    time_left = Deadline(asked["deadline"], asked["retries"])
    server_ = connect(server, asked["model"], asked["version"])
    with contextlib.closing(server_) as backend:
        known = time_left.call(backend.signatures)
        model_input = encoded_input(
            known, signature, address=server, boxes=boxes is not None
        )
        count = agreed_frames(info, model_input.frames, server)
        frames = sent_clip(video, info, count, time_left)
        question: Inputs = {model_input.key: frames}
        if boxes is not None:
            question[BOXES] = np.asarray(boxes, np.float32)
        answer, seconds = timed_answer(
            backend, signature, question, time_left, (PROBABILITIES, BOXES)
        )
    count = None if boxes is None else len(boxes)
    labels = _checked(answer, count, info, server)
    found, probabilities = answer[BOXES][0], answer[PROBABILITIES][0]
    if boxes is None:  # Rows of zeros are nobody.
        there = (probabilities > FOUND).any(1)
        found, probabilities = found[there], probabilities[there]
    return Detections(
        boxes=found,
        probabilities=probabilities,
        labels=labels,
        keyframe=frames[len(frames) // 2],
        frames=len(frames),
        num_bytes=sum(map(len, frames)),
        seconds=seconds,
    )


def read_boxes(path: str | Path) -> np.ndarray:
    """A CSV file of `x1,y1,x2,y2` per line, AVA's order, as shares.

    Returns:
      float32 `[N, 4]`: y1, x1, y2, x2.

    Raises:
      ClientError: it cannot be read, or a line is something else.
    """
    try:
        text = file_content(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ClientError(f"{path} cannot be read: {error}.") from error
    rows = []
    for number, line in enumerate(csv.reader(text.splitlines()), 1):
        if not line:
            continue
        try:
            x1, y1, x2, y2 = (float(side) for side in line)
            good = 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1
        except ValueError:
            good = False
        if not good:
            raise ClientError(
                f"{path}, line {number}: a box is x1,y1,x2,y2, shares of width "
                f"and height from 0 to 1, x1 < x2 and y1 < y2; got "
                f"{','.join(line)}."
            )
        rows.append([y1, x1, y2, x2])
    return np.array(rows, np.float32).reshape(-1, 4)


def _checked(
    answer: dict, count: int | None, info: ModuleInfo, server: str
) -> tuple[str, ...]:
    """The labels, if the answer is one to so many boxes.

    Raises:
      ClientError: it is not.
    """
    probabilities, boxes = answer[PROBABILITIES], answer[BOXES]
    right = probabilities.ndim == 3 and boxes.shape == (
        *probabilities.shape[:2],
        4,
    )
    right = right and probabilities.shape[0] == 1
    right = right and count in (None, boxes.shape[1])
    values = np.concatenate([probabilities.ravel(), boxes.ravel()])
    # NaN is in no range.
    if not right or not ((values >= 0) & (values <= 1)).all():
        raise ServingError(
            f"{server} must answer with probabilities [1, {count or 'N'}, "
            f"actions] and boxes [1, {count or 'N'}, 4] from 0 to 1; got "
            f"{list(probabilities.shape)} and {list(boxes.shape)}, "
            f"{values[:3]}."
        )
    actions = probabilities.shape[-1]
    if info.labels and len(info.labels) != actions:
        raise ClientError(
            f"The model at {server} has {actions} actions and there are "
            f"{len(info.labels)} labels: they are those of another module."
        )
    return info.labels or tuple(f"action {i + 1}" for i in range(actions))
