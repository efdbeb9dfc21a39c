"""Files that appear whole or not at all."""

import os
import uuid
from pathlib import Path


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Writes beside `path` and renames, so no reader sees half a file."""
    path = Path(path)
    temporary = path.with_name(f"{path.name}.tmp-{uuid.uuid4().hex}")
    if isinstance(content, str):
        content = content.encode()
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
