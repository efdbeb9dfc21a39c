"""AVA's CSV files of annotations, detections and keyframes, as arrays.

They have no header. Annotations have `video_id, timestamp, x1, y1, x2, y2,
action_id, person_id`, the last of which may be missing; detections a score at
the end; a row of two columns is a keyframe without boxes.
"""

import csv
import dataclasses
import math
from pathlib import Path

import numpy as np

from d3d_tf.errors import UserError

COLUMNS = ("video", "timestamp", "x1", "y1", "x2", "y2", "action", "last")
# Of a second.
_MICRO = 1_000_000
# Seconds; no video is so long.
_LONGEST = 1e6


@dataclasses.dataclass(frozen=True)
class Rows:
    """Boxes with an action each, in the order of the file.

    Attributes:
      videos: the ids that `video` counts.
      video: int32 `[rows]`.
      time: int64 `[rows]`, microseconds from the video's start.
      boxes: float64 `[rows, 4]`, y1, x1, y2, x2.
      action: int64 `[rows]`.
      last: float64 `[rows]`, the eighth column: a score, or the number of a
        person; NaN where there is none.
      keyframes: `(video id, microseconds)` of those that a row of two columns
        names.
    """

    videos: list[str]
    video: np.ndarray
    time: np.ndarray
    boxes: np.ndarray
    action: np.ndarray
    last: np.ndarray
    keyframes: list[tuple[str, int]]

    def __len__(self) -> int:
        return len(self.video)


_EMPTY = Rows(
    videos=[],
    video=np.zeros(0, np.int32),
    time=np.zeros(0, np.int64),
    boxes=np.zeros([0, 4]),
    action=np.zeros(0, np.int64),
    last=np.zeros(0),
    keyframes=[],
)


def read_rows(path: str | Path) -> Rows:
    """Reads a file of annotations or detections; ten million rows in seconds.

    Raises:
      UserError: it cannot be read, or a row is none of these; its line is
        named.
    """
    import pyarrow as pa

    width = _width(path)
    if not width:
        _name_first_fault(path)
        return _joined(_EMPTY, [row for _, row in _lines(path)])
    ragged: list[str] = []
    try:
        try:
            table = _table(path, width)
        except pa.ArrowInvalid:
            # Rows of several widths, or a wrong one.
            table = _table(path, width, ragged)
    except (OSError, pa.ArrowException) as error:
        _name_first_fault(path)
        raise UserError(f"Cannot read {path}: {error}") from error
    found = _from_table(table.combine_chunks(), width)
    if not (np.isfinite(found.boxes).all() and found.time.min() >= 0):
        _name_first_fault(path)
    return _joined(found, [_parsed(row, path) for row in ragged])


def _table(path, width: int, ragged: list[str] | None = None):
    """A table of the rows with so many columns.

    Args:
      path: of the file.
      width: columns.
      ragged: gets the rows of other widths. On one thread: others may let go
        of what is called for them after Python has ended, which then aborts.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    types = dict.fromkeys(COLUMNS, pa.float64())
    types |= {"video": pa.dictionary(pa.int32(), pa.string())}
    types |= {"action": pa.int64()}
    alone = ragged is not None
    rest = [] if ragged is None else ragged

    def keep(row):
        rest.append(row.text)
        return "skip"

    return arrow.read_csv(
        str(path),
        read_options=arrow.ReadOptions(
            column_names=COLUMNS[:width], use_threads=not alone
        ),
        parse_options=arrow.ParseOptions(
            invalid_row_handler=keep if alone else None
        ),
        convert_options=arrow.ConvertOptions(
            column_types=types, strings_can_be_null=False, null_values=[]
        ),
    )


def read_keyframes(path: str | Path) -> set[tuple[str, int]]:
    """`(video id, microseconds)` of every row `video_id, timestamp`.

    Raises:
      UserError: it cannot be read, or a row has no such two columns.
    """
    found = set()
    for line, row in _lines(path):
        try:
            if len(row) != 2:
                raise ValueError
            found.add((row[0], _micro(row[1])))
        except ValueError:
            raise UserError(
                f"{path}, line {line}: a keyframe is video_id,timestamp; got "
                f"{','.join(row)!r}."
            ) from None
    return found


def _micro(text: str) -> int:
    seconds = float(text)
    if not 0 <= seconds < _LONGEST:
        raise ValueError(text)
    return round(seconds * _MICRO)


def _lines(path):
    """`(number, columns)` of the lines that are not empty."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            for line, row in enumerate(csv.reader(file), 1):
                if row:
                    yield line, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"Cannot read {path}: {error}.") from error


def _width(path) -> int:
    """Columns of the first row with a box; 0 where there is none."""
    for line, row in _lines(path):
        if len(row) in (7, 8):
            return len(row)
        if len(row) != 2:
            _refuse(path, line, row)
    return 0


def _refuse(path, line: int, row: list[str], why: str = "") -> None:
    raise UserError(
        f"{path}, line {line}: "
        + (why or f"{len(row)} columns")
        + "; a row is video_id,timestamp,x1,y1,x2,y2,action_id and a score or "
        f"person_id, without a header; got {','.join(row)[:100]!r}."
    )


def _name_first_fault(path) -> None:
    """Goes through the file line by line, and raises at the first wrong row."""
    for line, row in _lines(path):
        try:
            _check(row)
        except ValueError as error:
            _refuse(path, line, row, str(error))


def _check(row: list[str]) -> None:
    if len(row) not in (2, 7, 8):
        raise ValueError(f"{len(row)} columns")
    for name, text in zip(COLUMNS[1:], row[1:], strict=False):
        kind = "a whole number" if name == "action" else "a number"
        try:
            value = int(text) if name == "action" else float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not {kind}") from None
        if name != "last" and not math.isfinite(value):
            raise ValueError(f"{text!r} is not {kind}")
        if name == "timestamp" and not 0 <= value < _LONGEST:
            raise ValueError(f"{text!r} is not seconds from a video's start")


def _from_table(table, width: int) -> Rows:
    video = table["video"].combine_chunks()
    if hasattr(video, "chunks"):
        (video,) = video.chunks
    columns = {name: table[name].to_numpy() for name in COLUMNS[1:width]}
    last = columns.get("last")
    if last is None:
        last = np.full(len(table), np.nan)
    return Rows(
        videos=video.dictionary.to_pylist(),
        video=video.indices.to_numpy(),
        time=_microseconds(columns["timestamp"]),
        boxes=np.stack([columns[n] for n in ("y1", "x1", "y2", "x2")], axis=1),
        action=columns["action"],
        last=last,
        keyframes=[],
    )


def _microseconds(seconds: np.ndarray) -> np.ndarray:
    """-1 of what is no time."""
    good = (seconds >= 0) & (seconds < _LONGEST)
    return np.rint(np.where(good, seconds * _MICRO, -1)).astype(np.int64)


def _parsed(text: str, path) -> list[str]:
    (row,) = csv.reader([text])
    try:
        _check(row)
    except ValueError:
        _name_first_fault(path)
    return row


def _joined(rows: Rows, rest: list[list[str]]) -> Rows:
    """With rows of other widths at the end."""
    keyframes = [(row[0], _micro(row[1])) for row in rest if len(row) == 2]
    boxed = [row for row in rest if len(row) > 2]
    if not boxed:
        return dataclasses.replace(rows, keyframes=keyframes)
    videos = list(rows.videos)
    places = {name: place for place, name in enumerate(videos)}
    for row in boxed:
        if row[0] not in places:
            places[row[0]] = len(videos)
            videos.append(row[0])
    numbers = np.array([[float(v) for v in row[2:6]] for row in boxed])
    last = [float(row[7]) if len(row) == 8 else np.nan for row in boxed]
    return Rows(
        videos=videos,
        video=np.append(rows.video, [places[row[0]] for row in boxed]),
        time=np.append(rows.time, [_micro(row[1]) for row in boxed]),
        boxes=np.concatenate([rows.boxes, numbers[:, [1, 0, 3, 2]]]),
        action=np.append(rows.action, [int(row[6]) for row in boxed]),
        last=np.append(rows.last, last),
        keyframes=keyframes,
    )
