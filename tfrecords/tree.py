"""Every file below a folder, and the rule by which it is no video.

What no rule names is tried, so that a broken or misnamed video is reported and
not overlooked.
"""

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path

from d3d_tf.names import spell

HIDDEN = "hidden or of the system"
BESIDE = "beside the folders of classes"
UNLISTED = "of no listed video"
ARCHIVES = "archives"
OURS = "records and runs"
UNREADABLE = "folders that cannot be opened"
# Folders of archives from a Mac, network drives, Windows disks.
SYSTEM_FOLDERS = {
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}
_RULES = {
    "pictures": "bmp ico jpeg jpg png psd svg tif tiff",
    "texts and tables": "ass csv db doc docx htm html ini json log md nfo pdf "
    "py sh srt ssa tsv txt vtt xls xlsx xml yaml yml",
    "arrays": "h5 hdf5 mat npy npz pickle pkl pt",
    "sounds": "aac flac m4a mp3 opus wav",
    OURS: "tfrecord",
    ARCHIVES: "7z bz2 gz rar tar tbz2 tgz txz xz zip zst",
    "unfinished downloads": "aria2 crdownload download part partial ytdl",
    "small copies by a camera": "lrf lrv thm",
}
_VIDEOS = frozenset(
    ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .vob "
    ".webm .wmv".split()
)
_BY_SUFFIX = {
    f".{suffix}": rule
    for rule, suffixes in _RULES.items()
    for suffix in suffixes.split()
}


@dataclasses.dataclass(frozen=True)
class Found:
    """A file; what is there and is no folder, a broken link too, is one.

    Attributes:
      path: through links, as they lie below the folder.
      rule: by which it is no video; empty: it is to be tried.
    """

    path: Path
    rule: str


def find_files(folder: Path) -> list[Found]:
    """All files below a folder in a fixed order, those of a folder first.

    Linked folders are followed, except into themselves.

    Raises:
      OSError: the folder itself cannot be read.
    """
    found = []
    waiting: list[tuple[Path, str, tuple]] = [(folder, "", ())]
    while waiting:
        here, rule, above = waiting.pop()
        try:
            stat = os.stat(here)
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            if here == folder:
                raise
            found.append(Found(here, UNREADABLE))
            continue
        place = (stat.st_dev, stat.st_ino)
        if place in above:
            continue
        rule = rule or (OURS if _is_ours(entries) else "")
        inner = []
        for entry in entries:
            path = here / entry.name
            above_all = rule or (HIDDEN if is_hidden(entry.name) else "")
            if _is_folder(entry):
                inner.append((path, above_all, (*above, place)))
            else:
                by_suffix = _BY_SUFFIX.get(path.suffix.lower(), "")
                found.append(Found(path, above_all or by_suffix))
        waiting += reversed(inner)
    return found


def _is_ours(entries: list[os.DirEntry]) -> bool:
    """Whether a folder is one of records, or of a run."""
    names = {entry.name for entry in entries}
    marks = ({"plan.json", "manifest.json"}, {"recipe.yaml", "origin.json"})
    return any(mark <= names for mark in marks)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link in a circle.
        return False


def is_hidden(name: str) -> bool:
    """Whether what is called so is of no interest to its user."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def is_called_video(name: str) -> bool:
    """Whether a file has a suffix that most videos have."""
    return os.path.splitext(name)[1].lower() in _VIDEOS


def count_rules(files: Iterable[Found], folder: Path) -> dict[str, dict]:
    """`{rule: {"count", "example"}}` of files that are not tried.

    Args:
      files: found; those without a rule are passed over.
      folder: examples are relative to it.
    """
    counts: dict[str, dict] = {}
    for file in files:
        if not file.rule:
            continue
        name = spell(file.path.relative_to(folder).as_posix())
        count = counts.setdefault(file.rule, {"count": 0, "example": name})
        count["count"] += 1
    return dict(sorted(counts.items()))
