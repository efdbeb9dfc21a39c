"""By which a published file is known."""

import functools
import hashlib
import os
from pathlib import Path


def digest_file(path: Path) -> dict:
    """Size, SHA-256, MD5 and git's blob id (what GitHub knows a file by)."""
    size = path.stat().st_size
    sha256, blob = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode())
    md5 = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while part := file.read(2**20):
            sha256.update(part)
            md5.update(part)
            blob.update(part)
    return {
        "bytes": size,
        "sha256": sha256.hexdigest(),
        "md5": md5.hexdigest(),
        "git_blob": blob.hexdigest(),
    }


def sha256_of(path: str | Path) -> str:
    """Of a file's content; read once until its size or time changes.

    Raises:
      OSError: it cannot be read.
    """
    stat = os.stat(path)
    return _sha256(os.path.abspath(path), stat.st_size, stat.st_mtime_ns)


# Of a long video many parts are read.
@functools.lru_cache(maxsize=4096)
def _sha256(path: str, size: int, changed: int) -> str:
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(2**20):
            sha256.update(part)
    return sha256.hexdigest()


def has_digest(digests: dict, published: str) -> bool:
    """Whether a file is the one that its publisher tells of.

    Args:
      digests: of `digest_file`.
      published: git's blob id; or `sha256:` or `md5:` and its first digits, as
        many as are told.
    """
    kind, _, digits = published.rpartition(":")
    return digests[kind or "git_blob"].startswith(digits)
