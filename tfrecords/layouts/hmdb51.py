"""HMDB-51 and JHMDB by their official lists.

The lists are in `testTrainMulti_7030_splits`, and in `splits` of JHMDB, which
has 21 of HMDB-51's classes.
`CLASS_test_split1.txt` has lines `FILE.avi N`: N is 1 for training, 2 for
testing, 0 for neither. File names hold any character, so they are compared in
one Unicode form (a Mac unpacks them in another) and split at the last blank.
"""

from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.names import spell
from d3d_tf.text_lists import label_map, read_lines
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
    plain,
)
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.tree import Found

ANNOTATIONS = "FOLDER with CLASS_test_split1.txt and the others"
SPLITS = {"1": "train", "2": "test", "0": ""}
NEITHER = "on neither side of this split"


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists official split `data.split`; ids are `CLASS/FILE.avi`.

    `data.layout`, `hmdb51` or `jhmdb`, names the classes.

    Files are `CLASS/FILE` at any depth (its archives unpack to `CLASS/`, or
    `CLASS/CLASS/`), with any suffix.

    Raises:
      UserError: a list is missing or is none, or no listed video is on disk.
    """
    classes = label_map(data.layout)
    below = files_below(folder)
    files = index_files(below, lambda p: plain(f"{p.parent.name}/{p.stem}"))
    sources, neither = [], set()
    for label, class_name in enumerate(classes):
        path = annotations / f"{class_name}_test_split{data.split}.txt"
        for name, split in _rows(path):
            found = files.get(plain(f"{class_name}/{Path(name).stem}"), [])
            if not split:
                neither.update(found[:1])
                continue
            sources.append(
                Source(
                    id=f"{class_name}/{spell(name)}",
                    path=str(found[0]) if found else "",
                    label=label,
                    class_name=class_name,
                    split=split,
                )
            )
    sources, notes = listed_once(sources)
    return finish(
        data.layout,
        classes,
        sources,
        [
            Found(file.path, NEITHER) if file.path in neither else file
            for file in below
        ],
        notes,
        folder=folder,
        example=f"{folder}/{sources[0].id}" if sources else f"{folder}/CLASS",
    )


def _rows(path: Path) -> list[tuple[str, str]]:
    """(file, split) of each line; an empty split is neither side."""
    try:
        lines = read_lines(path)
    except OSError as error:
        raise UserError(
            f"There is no {path}; HMDB-51's lists come in a folder "
            "testTrainMulti_7030_splits with three such files per class, "
            "JHMDB's in a folder splits."
        ) from error
    rows = []
    for number, line in lines:
        *names, side = line.rsplit(maxsplit=1)
        if side not in SPLITS or not names:
            raise UserError(
                f"{path}, line {number}: expected FILE.avi and 0, 1 or 2; got "
                f"{line!r}."
            )
        rows.append((names[0], SPLITS[side]))
    return rows
