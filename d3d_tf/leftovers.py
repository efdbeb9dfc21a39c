"""Names of what is not finished yet, and what killed processes left of it."""

import contextlib
import glob
import os
import shutil
import socket
import uuid
from pathlib import Path


def temporary_name(stem: str) -> str:
    """A new name that begins with `stem` and says who uses it."""
    return f"{stem}{_machine()}{os.getpid()}-{uuid.uuid4().hex}"


def sweep(folder: Path, stem: str) -> None:
    """Removes what processes of this machine left that are no more.

    Args:
      folder: on a disk; need not exist.
      stem: of `temporary_name`; a pattern in which `*` stands for anything.
    """
    mark = glob.escape(_machine())
    with contextlib.suppress(OSError):  # Of others, and nothing depends on it.
        for left in Path(folder).glob(f"{stem}{mark}*"):
            if not is_left(left.name):
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def is_here(name: str) -> bool:
    """Whether a `temporary_name` is that of a process of this machine."""
    return _machine() in name


def is_left(name: str) -> bool:
    """Whether it is one of this machine that does not run any more."""
    process = name.rpartition(_machine())[2].partition("-")[0]
    return is_here(name) and not Path("/proc", process).exists()


def _machine() -> str:
    return f"{socket.gethostname()}-"
