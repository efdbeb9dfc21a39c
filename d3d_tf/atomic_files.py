"""Files that appear whole or not at all, on disks and in object stores.

An object store has neither folders nor renaming: an object is seen, whole, when
its upload ends, and of several that belong together the one by which readers
know that all are there is written last.
"""

import contextlib
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from d3d_tf.disk import naming_refusal
from d3d_tf.errors import UsageError
from d3d_tf.leftovers import sweep, temporary_name
from d3d_tf.names import printable
from d3d_tf.s3_plugin import load_plugin

if TYPE_CHECKING:
    import numpy as np

_REMOTE = "s3://"
# Not a number, so TF Serving does not take it for a version.
_UNFINISHED = "unfinished-"
# What makes a name a pattern to TensorFlow, and bytes that are not UTF-8.
_MISTAKEN = re.compile("[][*?\\\\\udc80-\udcff]")


def to_path(given: str | Path) -> Path:
    """A `pathlib.Path`, or what behaves like one for `s3://BUCKET/...`.

    Raises:
      UsageError: another `SCHEME://`.
      UserError: object stores cannot be reached here.
    """
    text = str(given)
    if "://" not in text:
        return Path(given)
    if not is_remote(given):
        raise UsageError(
            f"{text} is neither a path nor {_REMOTE}BUCKET/..., the one kind "
            "of object store that can be reached."
        )
    load_plugin()
    from etils import epath

    return epath.Path(text)


def is_remote(path: str | Path) -> bool:
    """Whether it lies in an object store."""
    return str(path).startswith(_REMOTE)


def require_local(path: str | Path, what: str) -> Path:
    """The path of something that must be on a disk.

    Raises:
      UsageError: it is not.
    """
    if "://" in str(path):
        raise UsageError(
            f"{what} must be on a local disk; got {path}. Copy it there first."
        )
    return Path(path)


def resolved(path: Path) -> Path:
    """An absolute path; those of object stores are."""
    return path if is_remote(path) else path.resolve()


def file_size(path: str | Path) -> int:
    """Bytes of a file.

    Raises:
      OSError: there is none.
    """
    stat = to_path(path).stat()
    return getattr(stat, "length" if is_remote(path) else "st_size")


def open_to_append(path: str | Path) -> IO[str]:
    """A text file; each `flush` of a remote one sends it whole."""
    if is_remote(path):
        load_plugin()
        import tensorflow as tf

        return tf.io.gfile.GFile(str(path), "a")
    return open(path, "a", encoding="utf-8", errors="backslashreplace")


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Writes so that no reader sees half a file.

    Text becomes UTF-8; bytes of names that are not are spelt.

    Raises:
      DiskError: there is no room, or no right to write.
    """
    if isinstance(content, str):
        content = printable(content).encode()
    if is_remote(path):
        to_path(path).write_bytes(content)
        return
    with (
        naming_refusal(path, len(content)),
        appearing(path) as temporary,
        open(temporary, "wb") as file,
    ):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_array(path: str | Path, array: "np.ndarray") -> None:
    """Writes a local `.npy` file, whole or not at all, without a copy.

    `numpy.save` does not report why a disk refuses it.

    Raises:
      DiskError: there is no room, or no right to write.
    """
    import numpy as np
    from numpy.lib import format as npy

    array = np.ascontiguousarray(array)
    with (
        naming_refusal(path, array.nbytes),
        appearing(path) as temporary,
        open(temporary, "wb") as file,
    ):
        header = npy.header_data_from_array_1_0(array)
        npy.write_array_header_1_0(file, header)
        file.write(array.data)


@contextlib.contextmanager
def appearing(path: str | Path) -> Iterator[str]:
    """Yields the name under which a file is to be written.

    On a disk another one in the same folder; the file is renamed in the end,
    or removed after an exception. What a kill left goes when the same file is
    written again on this machine. A remote file has its own name from the
    beginning, and what uses this writes another one after it, as a mark.
    """
    if is_remote(path):
        yield str(to_path(path))
        return
    path = Path(path)
    stem = f"{path.name}.tmp-"
    sweep(path.parent, glob.escape(stem))
    temporary = path.with_name(temporary_name(stem))
    try:
        yield str(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def require_utf8(folder: str | Path, what: str) -> None:
    """Refuses a folder of records where TensorFlow cannot read or write.

    Raises:
      UsageError: its name is not UTF-8.
    """
    if re.search("[\udc80-\udcff]", str(folder)):
        raise UsageError(
            f"{what} has a name that is not UTF-8, which TensorFlow needs for "
            f"records: rename it, or choose another; got {folder}."
        )


def is_literal(path: str | Path) -> bool:
    """Whether TensorFlow takes a path for what it is, and not for a pattern."""
    return is_remote(path) or not _MISTAKEN.search(str(path))


@contextlib.contextmanager
def literal(folder: str | Path, *, make: bool = False) -> Iterator[str]:
    """Yields a name of a folder that TensorFlow takes for nothing else.

    It looks for checkpoints and modules by patterns: what is in a folder `x[1]`
    it never finds again, and where it removes old checkpoints of `a*b` it
    removes those of `aXb`. Names that are not UTF-8 it refuses. The name that
    the kernel gives an open folder (Linux, proc(5)) has nothing of that; it
    holds as long as the context.

    Args:
      folder: any, on a disk or not.
      make: it, if it is needed and not there.
    """
    text = str(folder)
    if is_literal(text):
        yield text
        return
    if make:
        os.makedirs(text, exist_ok=True)
    elif not os.path.isdir(text):
        yield text
        return
    descriptor = os.open(text, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """Yields a new local folder for what `publish_folder` puts in `parent`.

    It is gone afterwards; after a kill it stays, until the next one is made
    there on this machine.
    """
    if is_remote(parent):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / "unfinished"
        return
    parent.mkdir(parents=True, exist_ok=True)
    sweep_unfinished(parent)
    with literal(parent) as name:
        temporary = Path(name) / temporary_name(_UNFINISHED)
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def sweep_unfinished(parent: Path) -> None:
    """Removes what killed processes left of `unfinished_folder`."""
    sweep(parent, _UNFINISHED)


def publish_folder(folder: Path, target: Path, *, mark: str) -> None:
    """Renames a folder, or uploads it with the file `mark` last.

    Args:
      folder: from `unfinished_folder`.
      target: where it goes; nothing is there.
      mark: without this file, a reader takes the folder for none.
    """
    if not is_remote(target):
        folder.rename(target)
        return
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    for name in sorted(files, key=lambda name: str(name) == mark):
        write_atomically(target / name, (folder / name).read_bytes())
