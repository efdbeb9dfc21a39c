"""Keeps two processes out of one folder, wherever it is.

NFS does not show the lock of a folder to other machines, only that of a file.
So a file is locked; and where nothing can be locked, that the file is there
keeps others out.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from d3d_tf.atomic_files import is_remote
from d3d_tf.errors import UserError
from d3d_tf.leftovers import is_left, temporary_name
from d3d_tf.rights import may
from d3d_tf.screen import say

FILE = ".d3d_tf-lock"
_POLL_SECONDS = 0.1  # Between two looks whether the folder is free.
_PATIENCE = 5  # Seconds of waiting before it is reported.


@contextlib.contextmanager
def locked(folder: Path, *, busy: str | None = None) -> Iterator[None]:
    """Keeps others who lock the same local folder waiting.

    Nothing is left in the folder, unless the process is killed; the next one
    takes over the file that is left then. Object stores, and folders in which
    this process cannot write anyway, are not locked.

    Args:
      folder: made, if it is not there.
      busy: what to report instead of waiting.

    Raises:
      UserError: `busy`: another process has locked it.
      OSError: the disk is full.
    """
    if is_remote(folder) or (folder.is_dir() and not may(folder, os.W_OK)):
        yield
        return
    made = not folder.exists()
    path = folder / FILE
    begin, reported = time.monotonic(), False
    while (descriptor := _take(path)) is None:
        waited = time.monotonic() - begin
        # A file may be about to disappear, or just be made.
        if busy and waited > _POLL_SECONDS:
            raise UserError(busy + _remedy(path))
        if waited > _PATIENCE and not reported:
            say(f"waiting for another process in {folder}.{_remedy(path)}")
            reported = True
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # While it is locked.
        os.close(descriptor)
        if made:
            with contextlib.suppress(OSError):  # It is not empty.
                folder.rmdir()


def _take(path: Path) -> int | None:
    """The file, open and locked; None: another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags, new = os.O_RDWR | os.O_CREAT | os.O_EXCL, True
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileExistsError:
        try:
            descriptor, new = os.open(path, os.O_RDWR), False
        except FileNotFoundError:
            return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It may have been removed before it was locked.
        ours = _is_at(path, descriptor)
    except BlockingIOError:
        ours = False
    except OSError:  # There are no locks here.
        ours = new and _sign(path)
        if not new and is_left(_owner(path)):
            path.unlink(missing_ok=True)
    if ours:
        return descriptor
    os.close(descriptor)
    return None


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(path: Path) -> bool:
    """Writes whose file it is, for those who cannot ask a lock."""
    try:
        path.write_text(temporary_name(""))
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _owner(path: Path) -> str:
    """Who signed it; empty if nobody did."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _remedy(path: Path) -> str:
    """What helps where no lock reveals whether the other process runs."""
    machine, process, _ = ["", "", *_owner(path).rsplit("-", 2)][-3:]
    if not machine:
        return ""
    return (
        f" It is process {process} of {machine}; where that does not run any "
        f"more, remove {path}."
    )
