"""Boxes that a detector of persons found, as published with SlowFast.

A CSV file has rows `video_id, timestamp, x1, y1, x2, y2, action_id, score`, the
seventh column of which may be empty and does not matter here; without an eighth
the score is 1. A pickle has a dict `{"video_id,0902": float array [boxes, 5]}`
of x1, y1, x2, y2, score.
"""

import csv
import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from d3d_tf.errors import UserError

PICKLES = (".pkl", ".pickle")
# `(video id, microseconds)` to float64 `[boxes, 5]`: y1, x1, y2, x2, score.
Proposals = dict[tuple[str, int], np.ndarray]
# What arrays are made of in a pickle; nothing of it does anything else.
_HARMLESS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("__builtin__", "bytes"),
    ("builtins", "bytes"),
    ("collections", "OrderedDict"),
}


def read_proposals(path: str | Path) -> Proposals:
    """Reads a file of either kind; a pickle without running what is in it.

    Raises:
      UserError: it cannot be read, or has something else in it.
    """
    path = Path(path)
    try:
        rows = _of_pickle(path) if path.suffix in PICKLES else _of_csv(path)
        found: dict[tuple[str, int], list] = {}
        for video, seconds, (x1, y1, x2, y2, score) in rows:
            key = video, round(float(seconds) * 1_000_000)
            found.setdefault(key, []).append((y1, x1, y2, x2, score))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"Cannot read {path}: {error}.") from error
    arrays = {key: np.array(value, np.float64) for key, value in found.items()}
    for (video, time), boxes in arrays.items():
        if not np.isfinite(boxes).all():
            raise UserError(
                f"{path}: a box of {video} at {time / 1e6:g} s has a number "
                "that is not finite."
            )
    return arrays


def _of_csv(path: Path) -> Iterable[tuple]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        for line, row in enumerate(csv.reader(file), 1):
            if not row:
                continue
            try:
                if len(row) not in (6, 7, 8):
                    raise ValueError
                numbers = [float(text) for text in (*row[2:6], *row[7:])]
                numbers += [1.0] * (5 - len(numbers))
                yield row[0], float(row[1]), numbers
            except ValueError:
                raise UserError(
                    f"{path}, line {line}: a proposal is video_id,timestamp,"
                    "x1,y1,x2,y2,action_id,score (without a header; the action "
                    "may be empty, and both may be missing); got "
                    f"{','.join(row)[:100]!r}."
                ) from None


def _of_pickle(path: Path) -> Iterable[tuple]:
    form = "a dict of {'video_id,0902': array [boxes, 5]}"
    try:
        with open(path, "rb") as file:
            content = _Careful(file, encoding="latin1").load()
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}")
        for key, boxes in content.items():
            video, _, seconds = str(key).rpartition(",")
            table = np.asarray(boxes, np.float64).reshape(-1, 5)
            for row in table.tolist():
                yield video, float(seconds), row
    except (OSError, UserError):
        raise
    # Of a damaged pickle anything may come.
    except Exception as error:
        raise UserError(
            f"{path} is not {form}, as SlowFast's proposals are: {error}."
        ) from error


class _Careful(pickle.Unpickler):
    """Makes arrays and nothing else."""

    def find_class(self, module, name):
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(
            f"it wants {module}.{name}, which arrays do not need; nothing of "
            "it was run"
        )
