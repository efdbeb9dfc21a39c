"""A list of one's own: a CSV file with a head line.

`path` and `label` are needed, `start`, `end` (seconds) and `split` are not.
`labels`, separated by semicolons, may stand for `label`, but one is all that a
record holds. A `label_map.txt` beside the file, one class per
line, fixes the order of the labels; without it classes are sorted by name.
"""

import csv
import math
import re
from pathlib import Path, PurePath

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.tfrecords.layouts.on_disk import finish, index_files
from d3d_tf.tfrecords.sources import SPLIT_NAMES, Listing, Source, hold_out

COLUMNS = ("path", "label", "labels", "start", "end", "split")


def list_csv(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
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
    sources: dict[str, Source] = {}
    for row in rows:
        id_, label = _id(row), row["label"]
        path = folder / row["path"]
        if label not in labels:
            raise UserError(
                f"{row['place']}: {label!r} is not in label_map.txt."
            )
        if id_ in sources:
            raise UserError(
                f"{row['place']}: {id_} is listed twice. A record holds one "
                "label; keep one line."
            )
        sources[id_] = Source(
            id=id_,
            path=str(path) if path.exists() or path.is_symlink() else "",
            label=labels[label],
            class_name=label,
            split=row["split"] or ("test" if id_ in held_out else "train"),
            start=row["start"] or 0.0,
            end=row["end"],
        )
    return finish(
        annotations.stem,
        classes,
        list(sources.values()),
        sum(len(paths) for paths in index_files(folder).values()),
        folder=folder,
        example=str(folder / rows[0]["path"]),
        drawn=drawn,
    )


def _rows(path: Path) -> list[dict]:
    """The lines, checked; `place` says which line of which file."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            given = [name.strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = given
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
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
    checked = [_row(row, f"{path}, line {line}") for line, row in rows]
    if not checked:
        raise UserError(f"{path} lists no video.")
    if len({bool(row["split"]) for row in checked}) > 1:
        raise UserError(f"{path}: give every line a split, or none.")
    return checked


def _row(row: dict, place: str) -> dict:
    if None in row or None in row.values():
        raise UserError(f"{place}: not as many fields as column names.")
    row = {key: text.strip() for key, text in row.items()}
    labels = [row["label"]] if "label" in row else row["labels"].split(";")
    if len(labels) != 1:
        raise UserError(
            f"{place}: {len(labels)} labels. Records, losses and scores are of "
            "one label per video; keep one of them."
        )
    label = labels[0].strip()
    if not label or not row["path"]:
        raise UserError(f"{place}: the path or the label is empty.")
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
        "path": PurePath(row["path"]).as_posix(),
        "label": label,
        "start": start,
        "end": end,
        "split": split,
        "place": place,
    }


def _seconds(row: dict, key: str, place: str) -> float | None:
    if not row.get(key):
        return None
    try:
        value = float(row[key])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise UserError(f"{place}: {key} must be seconds; got {row[key]!r}.")
    return value


def _classes(path: Path, rows: list[dict]) -> list[str]:
    if path.exists():
        return path.read_text(encoding="utf-8").splitlines()
    return sorted({row["label"] for row in rows})


def _id(row: dict) -> str:
    if row["start"] is None and row["end"] is None:
        return row["path"]
    start, end = _text(row["start"] or 0.0), "end"
    if row["end"] is not None:
        end = _text(row["end"])
    path = PurePath(row["path"])
    return path.with_name(f"{path.stem}@{start}-{end}{path.suffix}").as_posix()


def _text(seconds: float) -> str:
    """To the millisecond, without zeros at the end."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
