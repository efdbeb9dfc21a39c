"""What the layouts share: files on disk, label maps, videos not found."""

import dataclasses
import os
import unicodedata
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path

from d3d_tf.errors import UserError
from d3d_tf.tfrecords.sources import Listing, Source, is_candidate

ARCHIVES = {".tar", ".gz", ".tgz", ".rar", ".zip"}


def label_map(name: str) -> tuple[str, ...]:
    """The classes of a data set in their fixed order; the index is the label.

    Args:
      name: `kinetics400`, `kinetics600`, `kinetics700`, `ucf101` or `hmdb51`.
    """
    package = resources.files("d3d_tf.tfrecords.layouts")
    text = (package / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def plain(text: str) -> str:
    """For comparing names: one Unicode form, without case."""
    return unicodedata.normalize("NFC", text).casefold()


def index_files(
    folder: Path, key: Callable[[Path], str] = lambda path: path.stem
) -> dict[str, list[Path]]:
    """Every possible video below a folder, by a key; in a fixed order.

    Raises:
      UserError: no such folder, or nothing but archives in it.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    found: dict[str, list[Path]] = {}
    archive = None
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if path.suffix.lower() in ARCHIVES:
                archive = path
            if is_candidate(path):
                found.setdefault(key(path), []).append(path)
    if not found and archive:
        raise UserError(
            f"{folder} holds archives only: unpack {archive} first."
        )
    return found


def finish(
    name: str,
    classes: Iterable[str],
    listed: list[Source],
    num_files: int,
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
      num_files: that lie in the folder.
      notes: sentences for the user.
      folder: of the videos.
      example: where one of them was expected.
      drawn: see `Listing`.

    Raises:
      UserError: no video of the list is on disk.
    """
    there = tuple(source for source in listed if source.path)
    missing = tuple(source for source in listed if not source.path)
    if not there:
        raise UserError(
            f"None of the {len(listed)} listed videos is among the {num_files} "
            f"files in {folder}; one of them was expected as {example}."
        )
    extra = num_files - len({source.path for source in there})
    notes = list(notes)
    if extra:
        notes.append(f"{extra} files in {folder} are of no listed video")
    classes = tuple(classes)
    filled = {source.label for source in there}
    empty = tuple(c for i, c in enumerate(classes) if i not in filled)
    return Listing(
        name,
        classes,
        there,
        empty,
        missing,
        tuple(notes),
        listed=True,
        drawn=drawn,
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


def found_as(source: Source, path: Path | None) -> Source:
    """The source with its place on disk, if it has one."""
    return dataclasses.replace(source, path=str(path) if path else "")
