"""JSON that holds the SHA-256 of what else it says.

A figure that changed on a disk and is still a figure shows only there. Files of
versions that wrote none are read as they are.
"""

import hashlib
import json
from typing import Any

SEAL = "content_sha256"


def sealed(content: dict) -> str:
    """The text of a file, with the entry `content_sha256`."""
    # As it is read again: a tuple is a list then.
    bare = _bare(json.loads(json.dumps(content)))
    return json.dumps(bare | {SEAL: _sha256(bare)}, indent=1)


def unsealed(content: Any) -> Any:
    """What `json.loads` made of such a file, without the entry.

    Raises:
      ValueError: it is not what was written.
    """
    if not isinstance(content, dict) or SEAL not in content:
        return content
    bare = _bare(content)
    if content[SEAL] != _sha256(bare):
        raise ValueError(
            f"it is not what was written, by its {SEAL}; whoever changed it on "
            "purpose removes that entry"
        )
    return bare


def _bare(content: dict) -> dict:
    """Without the entry."""
    return {key: value for key, value in content.items() if key != SEAL}


def _sha256(content: dict) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
