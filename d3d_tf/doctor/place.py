"""Where the doctor writes: it may examine what it must not write beside."""

import os
import tempfile
from pathlib import Path

from d3d_tf.disk import DiskError, naming_refusal
from d3d_tf.screen import say

ROOM = 10_000_000  # Bytes, more than a page or the clips take.


def place_for(wanted: Path) -> Path:
    """A folder with room: `wanted`, or a temporary one, which is said.

    Args:
      wanted: where people look for what is written; need not exist.

    Raises:
      DiskError: both refuse.
    """
    try:
        _require_room(wanted)
    except DiskError as error:
        try:
            _require_room(Path(tempfile.gettempdir()))
            temporary = Path(tempfile.mkdtemp(prefix="d3d_tf-doctor-"))
        except (DiskError, OSError):
            raise error from None
        say(f"in {temporary}, as {error}")
        return temporary
    return wanted


def _require_room(folder: Path) -> None:
    while not folder.exists():
        folder = folder.absolute().parent
    with naming_refusal(folder, ROOM, "what is written"):
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, ROOM)
