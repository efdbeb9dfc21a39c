"""Something-Something V1 and V2 by their official lists.

V2's are JSON, `[{"id": "78687", "template": "Holding [something] ..."}, ...]`,
in `something-something-v2-train.json` or, in newer archives, `train.json`; V1's
are lines such as `100218;Holding something`. A class is the template without
brackets; tests have none. V2's videos are `ID.webm`, V1's folders `ID/` of
pictures, 12 per second; either may be the other, at any depth.
"""

from collections.abc import Iterator
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.names import spell
from d3d_tf.text_lists import label_map, read_label_map, read_lines
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
    picture_folders,
)
from d3d_tf.tfrecords.listing import SPLIT_NAMES, Listing, Source

ANNOTATIONS = "FOLDER with something-something-v2-train.json and the others"
RATE = 12.0  # Pictures per second of the folders, as published.
_LISTS = ("train", "validation", "test")
_REMEDY = "give the file as it was published"


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists train and validation; ids are `SPLIT/ID`.

    Args:
      folder: of the videos.
      annotations: the folder of the lists.
      data: its layout is `sthv1` or `sthv2`.

    Raises:
      UserError: no such lists, a class of another edition, or no listed video
        on disk.
    """
    name = data.layout
    classes = label_map(name)
    _require_same(annotations, name, classes)
    labels = {text: label for label, text in enumerate(classes)}
    below = files_below(folder)
    folders, files = picture_folders(below), index_files(below)
    sources, unlabelled = [], 0
    for split, place, id_, text in _rows(annotations, name):
        if not text:
            unlabelled += 1
            continue
        if text not in labels:
            raise UserError(
                f"{place}: {text!r} is not one of the {len(classes)} classes "
                f"of {name}; is this the list of another data set?"
            )
        path = files[id_][0] if id_ in files else folders.get(id_, "")
        sources.append(
            Source(
                f"{split}/{spell(id_)}", str(path), labels[text], text, split
            )
        )
    if not sources:
        raise UserError(f"{annotations} lists no video with a class.")
    sources, notes = listed_once(sources)
    if unlabelled:
        notes.append(f"{unlabelled} listed videos have no class: left out")
    used = {source.path for source in sources}
    if data.picture_rate != RATE and used & {*map(str, folders.values())}:
        notes.append(
            f"warning: folders of pictures are taken for {data.picture_rate:g} "
            f"per second (data.picture_rate); those of {name} are "
            f"{RATE:g} per second"
        )
    number = sources[0].id.partition("/")[2]
    return finish(
        *(name, classes, sources),
        [file for file in below if str(file.path.parent) not in used],
        notes,
        folder=folder,
        example=f"{number}.webm, or as a folder {number} of pictures",
    )


def _rows(annotations: Path, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yields (split, where it is, id, class or nothing)."""
    found = False
    for kind in _LISTS:
        path = _find(annotations, name, kind)
        if path is None:
            continue
        found = True
        for place, id_, text in _JSON_OR_CSV[path.suffix](path):
            yield SPLIT_NAMES[kind], place, id_, text
    if not found:
        raise UserError(
            f"{annotations} has no list of {name}: "
            f"{_names(name, 'train')[0]} and the others were expected in it."
        )


def _names(name: str, kind: str) -> list[str]:
    """What a list may be called; newer archives have short names."""
    suffix = "json" if name == "sthv2" else "csv"
    long = f"something-something-{name[-2:]}-{kind}.{suffix}"
    return [long, f"{kind}.{suffix}", f"labels/{kind}.{suffix}"]


def _find(annotations: Path, name: str, kind: str) -> Path | None:
    paths = [annotations / text for text in _names(name, kind)]
    return next((path for path in paths if path.is_file()), None)


def _json_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    for row in read_json(path, [{"id": str}], _REMEDY):
        text = str(row.get("template", ""))
        plain = text.replace("[", "").replace("]", "")
        yield f"{path}, id {row['id']}", row["id"], plain


def _csv_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in read_lines(path):
        id_, _, text = line.partition(";")
        yield f"{path}, line {number}", id_.strip(), text.strip()


_JSON_OR_CSV = {".json": _json_rows, ".csv": _csv_rows}


def _require_same(
    annotations: Path, name: str, classes: tuple[str, ...]
) -> None:
    """Refuses a list of classes that is not ours, if there is one.

    V2's is an object of classes and their numbers, as text; V1's has a class a
    line.
    """
    path = _find(annotations, name, "labels")
    if path is None:
        return
    if path.suffix == ".json":
        numbers = read_json(path, {str: (str, int)}, _REMEDY)
        found = {text: str(number) for text, number in numbers.items()}
    else:
        found = {c: str(i) for i, c in enumerate(read_label_map(path))}
    for number, text in enumerate(classes):
        if found.pop(text, None) != str(number):
            raise UserError(
                f"{path}: class {number} of {name} is {text!r}, but not in "
                f"this list: {_REMEDY}."
            )
    if found:
        raise UserError(
            f"{path}: {min(found)!r} is not a class of {name}: {_REMEDY}."
        )
