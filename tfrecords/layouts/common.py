"""What the layouts share: files on disk, videos not found."""

import dataclasses
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from d3d_tf.errors import UserError
from d3d_tf.names import one_form, spell
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.tree import (
    ARCHIVES,
    UNLISTED,
    Found,
    count_rules,
    find_files,
)
from d3d_tf.video.frame_folder import PICTURES


def plain(text: str) -> str:
    """For comparing names: one Unicode form, without case."""
    return one_form(text).casefold()


def files_below(folder: Path) -> list[Found]:
    """Every file below a folder, in a fixed order.

    Raises:
      UserError: no such folder, or archives and nothing to try in it.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    files = find_files(folder)
    archives = [file.path for file in files if file.rule == ARCHIVES]
    if archives and all(file.rule for file in files):
        raise UserError(
            f"{folder} holds archives only: unpack {archives[-1]} first."
        )
    return files


def index_files(
    files: Iterable[Found], key: Callable[[Path], str] = lambda path: path.stem
) -> dict[str, list[Path]]:
    """The files that are to be tried, by a key."""
    found: dict[str, list[Path]] = {}
    for file in files:
        if not file.rule:
            found.setdefault(key(file.path), []).append(file.path)
    return found


def picture_folders(files: Iterable[Found]) -> dict[str, Path]:
    """Folders with pictures in them, by name."""
    return {
        file.path.parent.name: file.path.parent
        for file in files
        if file.path.suffix.lower() in PICTURES
    }


def finish(
    name: str,
    classes: Iterable[str],
    listed: list[Source],
    files: Iterable[Found],
    notes: Iterable[str] = (),
    *,
    folder: Path,
    example: str,
    drawn: bool = False,
) -> Listing:
    """Parts the list into what is on disk and what is missing.

    Args:
      name: of the data set.
      classes: in the order of the labels.
      listed: every video of the list; not on disk: the path is empty.
      files: that lie in the folder. Those of the list are tried, whatever
        their names; the others are counted.
      notes: sentences for the user.
      folder: of the videos.
      example: where one of them was expected.
      drawn: see `Listing`.

    Raises:
      UserError: no video of the list is on disk.
    """
    there = tuple(source for source in listed if source.path)
    missing = tuple(source for source in listed if not source.path)
    tried = {os.path.abspath(source.path) for source in there}
    files = list(files)
    if not there:
        raise UserError(
            f"None of the {len(listed)} listed videos is among the "
            f"{len(files)} files in {folder}; one of them was expected as "
            f"{example}."
        )
    below = {os.path.abspath(file.path): file for file in files}
    left = [
        dataclasses.replace(file, rule=file.rule or UNLISTED)
        for path, file in below.items()
        if path not in tried
    ]
    return Listing(
        spell(name),
        tuple(classes),
        there,
        missing,
        tuple(notes),
        listed=True,
        drawn=drawn,
        # A list may name files elsewhere.
        num_files=len(tried | below.keys()),
        left_out=count_rules(left, folder),
    )


def listed_once(sources: Iterable[Source]) -> tuple[list[Source], list[str]]:
    """The first source of every id, and a note on the others."""
    first: dict[str, Source] = {}
    repeated = 0
    for source in sources:
        kept = first.setdefault(source.id, source)
        repeated += kept is not source
    note = f"{repeated} videos are listed twice: the first line counts"
    return list(first.values()), [note] if repeated else []
