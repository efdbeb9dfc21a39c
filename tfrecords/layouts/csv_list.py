"""A list of one's own: a CSV file with a head line.

`path` and `label` are needed, `start`, `end` (seconds) and `split` are not.
`labels`, separated by semicolons, may stand for `label`: videos with several
are for `task=multilabel`, and held-out shares know them by the first. A
`label_map.txt` beside the file, one class per line, fixes the order of the
labels; without it classes are sorted by name.
"""

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.names import one_form, spell, unspell
from d3d_tf.text_lists import (
    Row,
    read_label_map,
    read_table,
    require_one_line,
    to_number,
)
from d3d_tf.tfrecords.layouts.common import files_below, finish
from d3d_tf.tfrecords.listing import SPLIT_NAMES, Listing, Source, hold_out
from d3d_tf.tfrecords.tree import Found

ANNOTATIONS = "FILE.csv with the columns path, label and more"
COLUMNS = ("path", "label", "labels", "start", "end", "split")


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists the rows; an id is the path, with the times if there are any.

    Without a split `data.test_share` of each class is held out, as of a folder
    of classes.

    Args:
      folder: paths are relative to it.
      annotations: the CSV file.
      data: the share to hold out.

    Raises:
      UserError: the file cannot be read as such a list; with the line.
    """
    rows = _rows(annotations)
    classes = _classes(annotations.with_name("label_map.txt"), rows)
    labels = {name: label for label, name in enumerate(classes)}
    drawn = not any(row["split"] for row in rows)
    members: dict[str, list[str]] = {}
    for row in rows:
        members.setdefault(row["label"], []).append(_id(row))
    held_out = {
        id_
        for ids in members.values()
        for id_ in hold_out(ids, data.test_share if drawn else 0.0)
    }
    files = files_below(folder)
    places = _Places(folder, files)
    sources: dict[str, Source] = {}
    for row in rows:
        id_, label = _id(row), row["label"]
        for name in row["labels"]:
            if name not in labels:
                raise UserError(
                    f"{row['place']}: {name!r} is not in label_map.txt."
                )
        if id_ in sources:
            raise UserError(
                f"{row['place']}: {id_} is listed twice; keep one line, with "
                "all its labels in a column `labels` if it has several."
            )
        sources[id_] = Source(
            id=id_,
            path=places.find(row["path"]),
            label=labels[label],
            class_name=label,
            split=row["split"] or ("test" if id_ in held_out else "train"),
            start=row["start"] or 0.0,
            end=row["end"],
            others=tuple((labels[name], name) for name in row["labels"][1:]),
        )
    return finish(
        annotations.stem,
        classes,
        list(sources.values()),
        files,
        folder=folder,
        example=str(folder / rows[0]["path"]),
        drawn=drawn,
    )


class _Places:
    """Where the files are that a list names."""

    def __init__(self, folder: Path, files: Iterable[Found]):
        self._folder = folder
        self._below = {
            one_form(file.path.relative_to(folder).as_posix()): file.path
            for file in files
        }

    def find(self, given: str) -> str:
        """The path of a file, in any Unicode form; empty: there is none."""
        path = self._folder / given
        if os.path.lexists(path):
            return str(path)
        return str(self._below.get(one_form(given), ""))


def _rows(path: Path) -> list[dict]:
    """The lines, checked; `place` says which line of which file."""
    try:
        given, rows = read_table(path, COLUMNS)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read as a CSV file: {error}"
        ) from error
    if "path" not in given or ("label" in given) == ("labels" in given):
        raise UserError(
            f"{path} must begin with a line of column names: path and label, "
            f"and if you like start, end, split; got {', '.join(given)}."
        )
    unknown = set(given) - set(COLUMNS)
    if unknown:
        raise UserError(
            f"{path}: unknown columns {', '.join(sorted(unknown))}; known: "
            f"{', '.join(COLUMNS)}."
        )
    checked = [_row(row) for row in rows]
    if not checked:
        raise UserError(f"{path} lists no video.")
    if len({bool(row["split"]) for row in checked}) > 1:
        raise UserError(f"{path}: give every line a split, or none.")
    return checked


def _row(given: Row) -> dict:
    place, row = given.place, given.fields
    given_labels = (
        [row["label"]] if "label" in row else row["labels"].split(";")
    )
    labels = [
        require_one_line(one_form(label.strip()), place)
        for label in given_labels
    ]
    if not all(labels) or not row["path"]:
        raise UserError(f"{place}: the path or a label is empty.")
    if len(set(labels)) < len(labels):
        raise UserError(f"{place}: a label is there twice.")
    start, end = _seconds(row, "start", place), _seconds(row, "end", place)
    if end is not None and end <= (start or 0.0):
        raise UserError(f"{place}: the end, {end:g} s, is not after the start.")
    split = row.get("split", "")
    split = SPLIT_NAMES.get(split.lower(), split) if split else ""
    if split and not re.fullmatch(r"\w+", split):
        raise UserError(
            f"{place}: a split is one word of letters, digits and _; got "
            f"{split!r}."
        )
    return {
        "path": PurePath(_path(row["path"])).as_posix(),
        "label": labels[0],
        "labels": labels,
        "start": start,
        "end": end,
        "split": split,
        "place": place,
    }


def _path(given: str) -> str:
    """Either spelt as ids are, or perhaps with the backslashes of Windows."""
    path = unspell(given)
    return path.replace("\\", "/") if path == given else path


def _seconds(row: dict, key: str, place: str) -> float | None:
    if not row.get(key):
        return None
    try:
        value = to_number(row[key])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise UserError(f"{place}: {key} must be seconds; got {row[key]!r}.")
    return value


def _classes(path: Path, rows: list[dict]) -> list[str]:
    if path.exists():
        return read_label_map(path)
    return sorted({label for row in rows for label in row["labels"]})


def _id(row: dict) -> str:
    path = PurePath(row["path"])
    if row["start"] is not None or row["end"] is not None:
        start, end = _text(row["start"] or 0.0), "end"
        if row["end"] is not None:
            end = _text(row["end"])
        path = path.with_name(f"{path.stem}@{start}-{end}{path.suffix}")
    return spell(path.as_posix())


def _text(seconds: float) -> str:
    """To the millisecond, without zeros at the end."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
