"""By which a published file is known."""

import hashlib
from pathlib import Path


def digest_file(path: Path) -> dict:
    """Size, SHA-256 and git's blob id (what GitHub knows a file by)."""
    size = path.stat().st_size
    sha256, blob = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode())
    with open(path, "rb") as file:
        while part := file.read(2**20):
            sha256.update(part)
            blob.update(part)
    return {
        "bytes": size,
        "sha256": sha256.hexdigest(),
        "git_blob": blob.hexdigest(),
    }
