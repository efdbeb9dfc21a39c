"""What this process may do with a file or folder."""

import os
from pathlib import Path


def may(path: str | Path, access: int) -> bool:
    """Whether the file's rights allow it.

    By the user and the capabilities that decide when it is opened: a process
    of a container may have others than the user who started it.

    Args:
      path: of what is there.
      access: `os.R_OK` or `os.W_OK`.
    """
    effective = os.access in os.supports_effective_ids
    return os.access(path, access, effective_ids=effective)
