"""Where to keep what can be made again, also without a home of one's own."""

import os
import stat
import tempfile
from pathlib import Path

from d3d_tf.rights import may


def home_cache() -> Path | None:
    """`~/.cache/d3d_tf`, which need not exist; None: nobody has a home."""
    home = os.path.expanduser("~")
    return Path(home, ".cache", "d3d_tf") if os.path.isabs(home) else None


def cache_folder() -> Path | None:
    """A folder to write in: of the home, or else of the temporary files.

    The second is `d3d_tf-UID`, and is not used unless it is the user's own and
    closed to others: compiled code is run as it lies there.

    Returns:
      An existing folder; None: there is no place.
    """
    try:
        temporary = Path(tempfile.gettempdir(), f"d3d_tf-{os.geteuid()}")
    except OSError:
        temporary = None
    for folder in (home_cache(), temporary):
        if folder is None:
            continue
        try:
            folder.mkdir(
                mode=0o777 if folder is not temporary else 0o700,
                parents=folder is not temporary,
                exist_ok=True,
            )
        except OSError:
            continue
        if not may(folder, os.W_OK):
            continue
        if folder is not temporary or _is_private(folder):
            return folder
    return None


def _is_private(folder: Path) -> bool:
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & 0o077
    )
