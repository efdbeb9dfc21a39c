"""What a disk refuses (it is full, read-only, not yours), in words."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from d3d_tf.errors import UsageError, UserError
from d3d_tf.names import printable
from d3d_tf.rights import may

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
_WORDS = {os.strerror(code): code for code in (*_FULL, *_CLOSED)}
# As Python tells it, also in the text of a worker's traceback, and as
# TensorFlow does: `PATH; WORDS`.
_PYTHON = re.compile(r"\[Errno (\d+)\] [^:\n]+(?:: '([^'\n]+)')?")
_TENSORFLOW = re.compile(
    r"(?:(\S[^;\n]*); )?(" + "|".join(map(re.escape, _WORDS)) + ")"
)


_OPERATION = re.compile(r"\{\{[^}]*\}\} ")  # Which TensorFlow puts before.
# The names of `files.literal`.
_OPEN_FOLDER = "/proc/self/fd/"


class DiskError(UserError):
    """A file could not be written; the text has path, cause and what to do."""


@contextlib.contextmanager
def naming_refusal(
    path: str | Path, needed: int | Callable[[], int] = 0, what: str = "it"
) -> Iterator[None]:
    """What a disk refuses inside is said of `path`, or of another one.

    Args:
      path: a file or folder that is being written.
      needed: bytes that are written, or what tells them then; 0: unknown.
      what: of which these are.

    Raises:
      DiskError: for errors of Python and of TensorFlow.
    """
    try:
        yield
    except DiskError:
        raise
    except Exception as error:
        found = _find(error)
        if found is None:
            raise
        there, code = found
        if there and not there.startswith((str(path), _OPEN_FOLDER)):
            raise DiskError(_words(there, code)) from error
        if callable(needed):
            needed = needed()
        raise DiskError(_words(path, code, needed, what)) from error


def refusal(error: BaseException) -> str | None:
    """Of an error that nobody named: the line to show, if a disk caused it."""
    found = _find(error)
    return _words(*found) if found else None


def require_folder(flag: str, folder: str | Path, access: int) -> None:
    """What is there of a local folder's path must be a folder to use so.

    Args:
      flag: that named it.
      folder: which need not be there yet.
      access: `os.R_OK` or `os.W_OK`.

    Raises:
      UsageError: it is a file, or its rights forbid it.
    """
    place = Path(folder).absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not may(place, access):
        use = "write in" if access == os.W_OK else "read"
        raise UsageError(
            f"{flag}={folder} cannot be used: {place} is no folder that "
            f"you may {use}."
        )


def require_own_folder(
    mode: str, folder: Path, files: Sequence[str], given: Sequence[str | None]
) -> None:
    """A new folder, an empty one, or one that an earlier call has written.

    Args:
      mode: that writes there.
      folder: of `--out`.
      files: what it writes; the last one is its mark.
      given: what it reads, which must not be among them.

    Raises:
      UsageError: it is another folder, or cannot be written.
    """
    require_folder("--out", folder, os.W_OK)
    names = set(os.listdir(folder)) if folder.is_dir() else set()
    read = {os.path.realpath(name) for name in given if name}
    written = {os.path.realpath(folder / name) for name in files}
    if names and not (
        files[-1] in names
        and all(name.startswith(tuple(files)) for name in names)
        and not read & written
    ):
        raise UsageError(
            f"{folder} has other files in it than --mode={mode} wrote there: "
            "choose a new folder with --out."
        )


def _find(error: BaseException) -> tuple[str | None, int] | None:
    """The path, where it is known, and the number of the cause."""
    if isinstance(error, OSError):
        code, name = error.errno, error.filename
        if code is None or code not in _WORDS.values():
            return None
        return None if name is None else os.fsdecode(name), code
    if isinstance(error, UserError):
        return None
    text = str(error)
    for number, path in _PYTHON.findall(text):
        if int(number) in _WORDS.values():
            return path or None, int(number)
    match = _TENSORFLOW.search(_OPERATION.sub("", text))
    return (match[1], _WORDS[match[2]]) if match else None


def _words(
    path: str | Path | None, code: int, needed: int = 0, what: str = "it"
) -> str:
    name = printable(str(path)).replace("\n", "\\x0a") if path else "A file"
    if code in _CLOSED:
        return (
            f"{name} cannot be used: {os.strerror(code)}. Choose another "
            "place, or have the right given to you."
        )
    text = f"{name} cannot be written: {os.strerror(code)}"
    if needed:
        text += f"; {what} needs about {size_of(needed)}"
    if path and (free := _free(path)) is not None:
        text += f", {size_of(free)} are free"
    return f"{text}. Make room; the same command goes on from there."


def _free(path: str | Path) -> int | None:
    place = Path(path).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def size_of(count: int) -> str:
    """Bytes as people read them: `999 bytes`, `1.5 kB`, `12 MB`, `3.4 GB`."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    digits = 1 if unit != "bytes" and value < 10 else 0
    return f"{value:.{digits}f} {unit}"
