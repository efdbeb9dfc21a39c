"""The version folders of a module: one for each content, whole or not there."""

import json
from pathlib import Path

from d3d_tf.atomic_files import (
    is_remote,
    publish_folder,
    sweep_unfinished,
)
from d3d_tf.hub_export.archive import (
    archive_of,
    remove_strays,
    write_archive,
)
from d3d_tf.locks import locked

# What TensorFlow looks for in a module's folder.
MARK = "saved_model.pb"


def newest_if(folder: Path, content: str) -> Path | None:
    """The newest whole version, if it holds what has this digest."""
    whole = [v for v in _numbers(folder) if (folder / str(v) / MARK).exists()]
    if not whole:
        return None
    newest = folder / str(max(whole))
    try:
        description = json.loads((newest / "module.json").read_text("utf-8"))
        return newest if description["content"] == content else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # Another program's, or damaged: it is left alone.


def publish(finished: Path, folder: Path, content: str) -> Path:
    """Makes it the next version, with its archive.

    Args:
      finished: from `unfinished_folder(folder)`.
      folder: parent of the versions.
      content: digest of the module.

    Returns:
      The version folder; that of another export, if it published the same
      meanwhile.
    """
    # Two at once must not choose the same version, nor publish the same module.
    with locked(folder):
        same = newest_if(folder, content)
        if same:
            return same
        target = folder / str(max(_numbers(folder), default=0) + 1)
        # First, so that a version is never without it.
        write_archive(finished, archive_of(target))
        publish_folder(finished, target, mark=MARK)
    return target


def tidy(folder: Path) -> None:
    """Removes what killed exports left on a disk."""
    if folder.is_dir() and not is_remote(folder):
        sweep_unfinished(folder)
        with locked(folder):
            remove_strays(folder, max(_numbers(folder), default=0))


def _numbers(folder: Path) -> list[int]:
    """Those that are taken, also by versions that are not whole."""
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    return [int(name) for name in names if name.isascii() and name.isdigit()]
