"""What others wrote, read up to a size and taken for what it is."""

import json
from pathlib import Path
from typing import Any

# Of an answer or a file. Probabilities, metadata and labels take some KB; gRPC
# has its clients receive as much unless they ask for more.
MOST_BYTES = 2**22


def file_content(path: str | Path) -> bytes:
    """What is in a file.

    Raises:
      OSError: it cannot be read.
      ValueError: it is longer than `MOST_BYTES`.
    """
    with open(path, "rb") as file:
        return short(file.read(MOST_BYTES + 1))


def short(content: bytes) -> bytes:
    """The same.

    Raises:
      ValueError: it is longer than `MOST_BYTES`.
    """
    if len(content) > MOST_BYTES:
        raise ValueError("it has over 4 MB")
    return content


def parsed(content: bytes) -> Any:
    """The value of JSON.

    Raises:
      ValueError: it is none, too long, or nested too deeply.
    """
    try:
        return json.loads(short(content))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def number(value: Any) -> float:
    """The same, if it is one; `true`, null and "0.5" are not.

    Raises:
      TypeError: it is something else.
      OverflowError: float64 does not reach so far.
    """
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} must be a number")
    return float(value)


def whole(value: Any) -> int:
    """The same, if it is a whole number without a point.

    Raises:
      TypeError: it is something else.
    """
    if type(value) is not int:
        raise TypeError(f"{value!r} must be a whole number")
    return value
