"""Charades by its official lists.

`Charades_v1_train.csv` and `Charades_v1_test.csv` have a line per video with,
among others, `id` and `actions`, such as `c092 11.90 21.20;c147 0.00 12.60`:
class, begin and end in seconds. `Charades_v1_classes.txt` has lines such as
`c000 Holding some clothes`. Videos are `ID.mp4`. A video has all classes of its
actions, whenever they happen (Sigurdsson et al., ECCV 2016; X3D, section 4.3).
"""

import re
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.names import spell
from d3d_tf.text_lists import read_lines, read_table
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
)
from d3d_tf.tfrecords.listing import Listing, Source

ANNOTATIONS = "FOLDER with Charades_v1_train.csv and the others"
CLASSES = "Charades_v1_classes.txt"
_CLASS = re.compile(r"(c\d{3}) (.+)")


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists both splits; ids are `SPLIT/ID`.

    Videos without an action are left out, with a note.

    Raises:
      UserError: no such lists, an unknown class, or no listed video on disk.
    """
    classes = _classes(annotations / CLASSES)
    places = {code: label for label, code in enumerate(classes)}
    names = list(classes.values())
    below = files_below(folder)
    files = index_files(below)
    sources, without = [], 0
    for split in ("train", "test"):
        path = annotations / f"Charades_v1_{split}.csv"
        for place, id_, codes in _rows(path):
            if unknown := [code for code in codes if code not in places]:
                raise UserError(
                    f"{place}: the class {unknown[0]} is not in {CLASSES}."
                )
            if not codes:
                without += 1
                continue
            labels = [(places[code], classes[code]) for code in codes]
            found = files.get(id_, [])
            sources.append(
                Source(
                    id=f"{split}/{spell(id_)}",
                    path=str(found[0]) if found else "",
                    label=labels[0][0],
                    class_name=labels[0][1],
                    split=split,
                    others=tuple(labels[1:]),
                )
            )
    if not sources:
        raise UserError(f"{annotations} lists no video with an action.")
    sources, notes = listed_once(sources)
    if without:
        notes.append(f"{without} listed videos have no action: left out")
    return finish(
        *("charades", names, sources, below, notes),
        folder=folder,
        example=f"{sources[0].id.partition('/')[2]}.mp4",
    )


def _classes(path: Path) -> dict[str, str]:
    """Names by code, in the order of the file."""
    found = {}
    for number, line in _lines(path):
        match = _CLASS.fullmatch(line.strip())
        if not match:
            raise UserError(
                f"{path}, line {number}: expected a class as in `c000 Holding "
                f"some clothes`; got {line!r}."
            )
        found[match[1]] = match[2]
    return found


def _lines(path: Path):
    try:
        return list(read_lines(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def _rows(path: Path):
    """Of every line where it is, the video, and its classes, each once."""
    try:
        given, rows = read_table(path, ("id", "actions"))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read as a CSV file: {error}"
        ) from error
    if missing := {"id", "actions"} - set(given):
        raise UserError(f"{path} has no column {min(missing)}.")
    for row in rows:
        actions = row.fields["actions"].split(";")
        codes = [action.split()[0] for action in actions if action.strip()]
        yield row.place, row.fields["id"], [*dict.fromkeys(codes)]
