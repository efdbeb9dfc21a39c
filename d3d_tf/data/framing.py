"""The framing of records in a file: length, checksum, record, checksum.

TensorFlow allocates the memory that a length asks for before it reads, so a
wrong length ends the process. This module reads only the lengths.
"""

import os
import struct
from pathlib import Path

from d3d_tf.atomic_files import file_size, is_remote, to_path

HEADER = 12  # A length of 8 bytes and its checksum (TFRecord).
FOOTER = 4
_CONTEXT = b"\x0a"  # The tag of a SequenceExample's first field.
_ENOUGH = 2**16  # Bytes of a record in which its context ends.


def count_whole(path: str | Path) -> tuple[int, str | None]:
    """Counts the intact records of a file, and says what is wrong after them.

    Checksums are not verified.

    Args:
      path: on a disk or in an object store; there, each length is a request.

    Returns:
      The number, and the problem, or None if the file ends with a record.

    Raises:
      OSError: it cannot be read.
    """
    size, place, count = file_size(path), 0, 0
    with _open(path) as file:
        while place < size:
            file.seek(place)
            header = file.read(HEADER)
            left = size - place
            if len(header) < HEADER:
                return count, f"{left} bytes follow that are not a record"
            length = struct.unpack("<Q", header[:8])[0]
            if length + HEADER + FOOTER > left:
                return count, (
                    f"truncated record: its length is {length} bytes, and "
                    f"{max(left - HEADER - FOOTER, 0)} are there"
                )
            place += length + HEADER + FOOTER
            count += 1
    return count, None


def read_context(path: str | Path) -> bytes:
    """The serialized `tf.train.Features` of a file's first record.

    Empty if the file does not begin with a `SequenceExample` that has one.

    Raises:
      OSError: it cannot be read.
    """
    with _open(path) as file:
        header = file.read(HEADER)
        length = int.from_bytes(header[:8], "little")
        start = file.read(min(length, _ENOUGH))
    if not start.startswith(_CONTEXT):
        return b""
    length = shift = 0
    for place in range(1, min(len(start), 6)):
        length |= (start[place] & 0x7F) << shift
        shift += 7
        if start[place] < 0x80:
            return start[place + 1 : place + 1 + length]
    return b""


def _open(path: str | Path):
    if is_remote(path):
        return to_path(path).open("rb")
    return open(os.fspath(path), "rb", buffering=0)
