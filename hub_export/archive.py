"""The module as one file, `MODULE.tar.gz`, as TF-Hub downloads it."""

import gzip
import tarfile
import tempfile
from pathlib import Path

from d3d_tf.atomic_files import appearing, is_remote, write_atomically


def archive_of(version: Path) -> Path:
    """Where the archive of a version folder is: beside it."""
    return version.with_name(f"module-{version.name}.tar.gz")


def remove_strays(folder: Path, newest: int) -> None:
    """Removes what a killed export left: archives of versions yet to come.

    Args:
      folder: on a disk, of the versions, and locked: nobody writes archives.
      newest: number of the newest version; older archives are kept.
    """
    for path in folder.glob("module-*.tar.gz*"):
        number, _, rest = path.name.removeprefix("module-").partition(".")
        if number.isdecimal() and (int(number) > newest or rest != "tar.gz"):
            path.unlink(missing_ok=True)


def write_archive(folder: Path, target: Path) -> None:
    """Packs the files of a folder; the same files give the same bytes.

    Args:
      folder: of the module, on a disk.
      target: the archive; appears whole.
    """
    if is_remote(target):
        with tempfile.NamedTemporaryFile() as file:
            _pack(folder, file.name)
            write_atomically(target, Path(file.name).read_bytes())
        return
    with appearing(target) as name:
        _pack(folder, name)


def _pack(folder: Path, target: str) -> None:
    with (
        open(target, "wb") as raw,
        # Without its own name and the time in the header.
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
        tarfile.open(mode="w", fileobj=packed) as tar,
    ):
        for path in sorted(folder.rglob("*")):
            name = f"./{path.relative_to(folder)}"
            tar.add(path, name, recursive=False, filter=_without_owner)


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
