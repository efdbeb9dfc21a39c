"""Where the persons of one video are, from any file that names their boxes."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np

from d3d_tf.detection.proposals import PICKLES, read_proposals
from d3d_tf.detection.rows import read_rows
from d3d_tf.errors import UserError
from d3d_tf.names import one_form

# Shares beyond are pixels, or another mistake.
_LOWEST, _HIGHEST = -0.5, 1.5
_FLAT = "boxes without an area, or with corners the wrong way round"
_WEAK = "boxes with a score below detector.least_score={:g}"
_NAMED = 5  # Of the videos that a file has.


def read_person_boxes(
    path: str | Path, video: str, least_score: float
) -> tuple[dict[int, np.ndarray], list[str]]:
    """The boxes of a video by keyframe, and what was left out of the file.

    A row is `video_id,timestamp,x1,y1,x2,y2` and may have an action and a
    score. If actions are named, as in AVA's lists and in detections, rows of
    the same box are one person, and a row `video_id,timestamp` is a keyframe
    without any. If not, as in files of detected persons, the score is that of
    the person.

    Args:
      path: of a CSV file without a header, or of a pickle as in
        `read_proposals`.
      video: the id of the video.
      least_score: of a person.

    Returns:
      `{microseconds: float64 [boxes, 4]}`, sorted, boxes as y1, x1, y2, x2,
      and a line for each kind of rows that are not in it.

    Raises:
      UserError: the file cannot be read, has no box of the video that could be
        used, or boxes in pixels.
    """
    every, of_persons = _rows(path)
    boxes = {
        time: rows
        for (name, time), rows in sorted(every.items())
        if one_form(name) == one_form(video)
    }
    if not boxes:
        raise UserError(_nothing(path, video, [name for name, _ in every]))
    for time, rows in boxes.items():
        _require_shares(rows, f"{path}: a box of {video} at {time / 1e6:g} s")
    others = sum(map(len, every.values())) - sum(map(len, boxes.values()))
    counts = Counter({"rows of other videos": others})
    for time, rows in boxes.items():
        flat = ~(rows[:, 2:4] > rows[:, :2]).all(1)
        weak = (rows[:, 4] < least_score) & ~flat & of_persons
        counts[_FLAT] += int(flat.sum())
        counts[_WEAK.format(least_score)] += int(weak.sum())
        good = map(tuple, rows[~flat & ~weak, :4])
        boxes[time] = np.array(list(dict.fromkeys(good))).reshape(-1, 4)
    notes = [f"{count} {what}" for what, count in counts.items() if count]
    if not any(map(len, boxes.values())):
        raise UserError(
            f"{path} has no box of {video} that can be used: "
            f"{', '.join(notes) or 'its keyframes have none'}."
        )
    return boxes, notes


def _require_shares(rows: np.ndarray, whose: str) -> None:
    for y1, x1, y2, x2 in rows[:, :4]:
        if (
            not _LOWEST
            <= min(y1, x1, y2, x2)
            <= max(y1, x1, y2, x2)
            <= _HIGHEST
        ):
            raise UserError(
                f"{whose} is {x1:g},{y1:g},{x2:g},{y2:g}, and not x1,y1,x2,y2 "
                "as shares of width and height, 0 to 1. Divide pixels by these."
            )


def _rows(
    path: str | Path,
) -> tuple[dict[tuple[str, int], np.ndarray], bool]:
    """`{(video, microseconds): [rows, 5]}`; whether scores are of persons."""
    if Path(path).suffix in PICKLES or not _names_actions(path):
        return read_proposals(path), True
    rows = read_rows(path)
    found: dict[tuple[str, int], list] = {key: [] for key in rows.keyframes}
    for video, time, box in zip(
        rows.video.tolist(), rows.time.tolist(), rows.boxes, strict=True
    ):
        key = rows.videos[video], time
        found.setdefault(key, []).append((*box, 1.0))
    return {
        key: np.array(boxes).reshape(-1, 5) for key, boxes in found.items()
    }, False


def _names_actions(path: str | Path) -> bool:
    """By the first row with a box."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            for row in csv.reader(file):
                if len(row) > 2:
                    return len(row) > 6 and row[6].strip() != ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"Cannot read {path}: {error}.") from error
    return True


def _nothing(path, video: str, names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = len(names) - _NAMED
    has = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"{path} has no row of the video {video!r}, the name of the file "
        f"without its ending; it has {has or 'no rows at all'}. Rename the "
        "video, or the id in the first column."
    )
