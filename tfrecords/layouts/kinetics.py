"""Kinetics-400, -600, -700 by their official CSV files.

A row is `label, youtube_id, time_start, time_end, split`, times in seconds of
the YouTube video. A file is recognised by its name alone, at any depth:
`ID_000010_000020.mp4` is that clip (the CVDF mirror, flat or in the folders of
its parts; the downloaders, in folders of classes spelt in any way), `ID.mp4`
the whole YouTube video, out of which the clip is cut. An id may itself end like
the times of a clip.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from d3d_tf.config import DataRecipe
from d3d_tf.errors import UserError
from d3d_tf.text_lists import Row, label_map, read_table, to_number
from d3d_tf.tfrecords.layouts.common import (
    files_below,
    finish,
    index_files,
    listed_once,
)
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.tree import Found, is_hidden

ANNOTATIONS = "FOLDER with train.csv, val.csv, test.csv, or one of them"
SPLITS = {"train": "train", "val": "val", "validate": "val", "test": "test"}
TIMES = ("time_start", "time_end")
COLUMNS = ("label", "youtube_id", *TIMES, "split")
CLIP = re.compile(r"(.+)_(\d+)_(\d+)")
# The mirror's second edition of clips that were damaged in the first.
REPLACEMENT = "replacement"


def list_videos(folder: Path, annotations: Path, data: DataRecipe) -> Listing:
    """Lists what the CSV files name; ids are `SPLIT/ID_ssssss_eeeeee`.

    Args:
      folder: of the videos.
      annotations: a CSV file, or a folder of them.
      data: its layout is `kinetics400`, `kinetics600` or `kinetics700`.

    Raises:
      UserError: no such files, a label of another edition, or no listed
        video on disk.
    """
    name = data.layout
    sources, below, notes = listed(folder, annotations, name)
    return finish(
        name,
        label_map(name),
        sources,
        below,
        notes,
        folder=folder,
        example=f"{folder}/.../{sources[0].id.split('/')[1]}.mp4",
    )


def listed(
    folder: Path, annotations: Path, name: str
) -> tuple[list[Source], list[Found], list[str]]:
    """All that the CSV files name, the files below the folder, and notes.

    Args:
      folder, annotations: as in `list_videos`.
      name: of the edition, such as `kinetics400`.

    Raises:
      UserError: as in `list_videos`, but for videos that are not on disk.
    """
    classes = label_map(name)
    labels = {_plain(c): label for label, c in enumerate(classes)}
    below = files_below(folder)
    wholes, clips = index_files(below), index_files(below, _clip)
    sources, unlabelled = [], 0
    for split, row, place in _rows(annotations):
        text = row.get("label", "").strip('"')
        if not text:
            unlabelled += 1
            continue
        label = labels.get(_plain(text))
        if label is None:
            raise UserError(
                f"{place}: {text!r} is no class of {name}; is this the list of "
                "another edition (--set layout=kinetics400|600|700)?"
            )
        start, end = row["time_start"], row["time_end"]
        clip = f"{row['youtube_id']}_{start:06.0f}_{end:06.0f}"
        source = Source(f"{split}/{clip}", "", label, classes[label], split)
        if path := _choose(clips.get(clip, []), split):
            source = replace(source, path=str(path))
        elif path := _choose(wholes.get(row["youtube_id"], []), split):
            source = replace(source, path=str(path), start=start, end=end)
        sources.append(source)
    if not sources:
        raise UserError(f"{annotations} lists no video with a label.")
    sources, notes = listed_once(sources)
    if unlabelled:
        notes.append(f"{unlabelled} listed videos have no label: left out")
    return sources, below, notes


def _rows(annotations: Path) -> Iterator[tuple[str, dict, str]]:
    """Yields (split, row with times as numbers, file and line)."""
    paths = [annotations]
    if annotations.is_dir():
        paths = [
            path
            for path in sorted(annotations.iterdir())
            if path.suffix.lower() == ".csv" and not is_hidden(path.name)
        ]
    if not paths or not paths[0].is_file():
        raise UserError(
            f"There is no CSV file {annotations}: Kinetics' own train.csv, "
            "val.csv, test.csv were expected, or a folder with them."
        )
    for path in paths:
        names, rows = read_table(path, COLUMNS)
        lacking = {"youtube_id", *TIMES} - set(names)
        if lacking:
            raise UserError(
                f"{path} lacks the columns {', '.join(sorted(lacking))}; "
                "Kinetics' lists begin with "
                "label,youtube_id,time_start,time_end,split."
            )
        for row in rows:
            yield _split(row, path), row.fields | _times(row), row.place


def _times(row: Row) -> dict[str, float]:
    try:
        return {key: to_number(row.fields[key]) for key in TIMES}
    except ValueError as error:
        given = ", ".join(repr(row.fields[key]) for key in TIMES)
        raise UserError(
            f"{row.place}: time_start and time_end must be seconds; got "
            f"{given}."
        ) from error


def _split(row: Row, path: Path) -> str:
    given = row.fields.get("split", "").lower()
    if not given:  # Some editions tell it by the name of the file.
        words = re.findall("[a-z]+", path.stem.lower())
        given = next((word for word in words if word in SPLITS), "")
    if given not in SPLITS:
        raise UserError(
            f"{row.place}: the split must be one of {', '.join(SPLITS)}; got "
            f"{given!r}."
        )
    return SPLITS[given]


def _clip(path: Path) -> str:
    """The usual name of a clip, however its times are padded."""
    match = CLIP.fullmatch(path.stem)
    if not match:
        return ""
    return f"{match[1]}_{int(match[2]):06d}_{int(match[3]):06d}"


def _choose(paths: list[Path], split: str) -> Path | None:
    """Of several files of one name that of the split, replacements first."""

    def rank(path: Path) -> tuple:
        folders = [part.lower() for part in path.parts[:-1]]
        return (
            not any(REPLACEMENT in part for part in folders),
            not any(SPLITS.get(part) == split for part in folders),
        )

    return min(paths, key=rank, default=None)


def _plain(label: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", label.lower()))
