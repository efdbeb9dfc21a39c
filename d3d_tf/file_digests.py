"""By which a published file is known."""

import hashlib
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


def has_digest(digests: dict, published: str) -> bool:
    """Whether a file is the one that its publisher tells of.

    Args:
      digests: of `digest_file`.
      published: git's blob id; or `sha256:` or `md5:` and its first digits, as
        many as are told.
    """
    kind, _, digits = published.rpartition(":")
    return digests[kind or "git_blob"].startswith(digits)
