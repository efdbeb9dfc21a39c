"""Fetches a file over HTTP: goes on after a cut, checks what arrived.

Why not pooch (tried: 1.9.0)? It sends no range, so a transfer that is cut
begins again and what had arrived is deleted; its hashes are those of contents,
not git's blob ids, which are what the publishers of our weights give; and it
needs requests.
"""

import errno
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

from d3d_tf.errors import UserError
from d3d_tf.file_digests import digest_file, has_digest

# Fruitless attempts in a row, and the seconds after the first of them.
ATTEMPTS = 5
PAUSE = 1.0
TIMEOUT = 30.0
_PART = 2**20
_TOTAL = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class _Cut(Exception):
    """The connection ended, or never was; worth another attempt."""


def fetch(address: str, target: Path, digest: str | None) -> None:
    """Downloads a file, unless it is there; it appears whole or not at all.

    What arrived is kept beside it as `NAME.part` and gone on from, in the next
    attempt or by the next command.

    Args:
      address: http or https.
      target: where it goes; the folder exists.
      digest: as in `has_digest`, of its content; None: not checked.

    Raises:
      UserError: it cannot be reached or written, or is another file.
    """
    if not target.exists():
        part = target.with_name(f"{target.name}.part")
        try:
            _complete(address, part)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise UserError(
                f"{part} cannot be written: {os.strerror(error.errno or 0)}. "
                "Make room, or set D3D_TF_CACHE to a folder with more; the "
                "same command goes on from there."
            ) from error
        _require(part, address, digest)
        os.replace(part, target)
    else:
        _require(target, address, digest)


def _require(path: Path, address: str, digest: str | None) -> None:
    found = digest_file(path)
    if digest is None or has_digest(found, digest):
        return
    path.unlink()
    kind = digest.rpartition(":")[0] or "git_blob"
    raise UserError(
        f"{address} is not the published file: {kind.replace('_', ' ')} "
        f"{found[kind]}, published was {digest}. {path} was removed; the same "
        "command gets it again."
    )


def _complete(address: str, part: Path) -> None:
    """Attempts until the file is whole."""
    fruitless = 0
    while True:
        before = _size(part)
        try:
            return _attempt(address, part)
        except _Cut as error:
            fruitless = 0 if _size(part) > before else fruitless + 1
            if fruitless >= ATTEMPTS:
                raise UserError(
                    f"{address} cannot be downloaded ({error}) after "
                    f"{ATTEMPTS} attempts. The same command goes on from here; "
                    f"without a network, put the file there as "
                    f"{part.with_suffix('')}."
                ) from error
        time.sleep(PAUSE * fruitless)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _attempt(address: str, part: Path) -> None:
    start = _size(part)
    request = urllib.request.Request(address)
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            _receive(response, part, start)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:
            # Nothing is left to send: the part is whole, or of another file.
            match = _TOTAL.fullmatch(error.headers.get("Content-Range", ""))
            if match and match[2] == str(start):
                return
            part.unlink()
            raise _Cut("the part that was there is of another file") from error
        if error.code >= 500 or error.code == 429:
            raise _Cut(f"{error.code} {error.reason}") from error
        raise UserError(
            f"{address} answers {error.code} {error.reason}."
        ) from error
    except urllib.error.URLError as error:
        raise _Cut(str(error.reason)) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _Cut(f"{type(error).__name__} {error}".strip()) from error


def _receive(response, part: Path, start: int) -> None:
    """Appends what comes; raises _Cut if it is less than announced."""
    if response.status == 206:
        match = _TOTAL.fullmatch(response.headers.get("Content-Range", ""))
        if not match or match[1] != str(start):
            part.unlink()
            raise _Cut("the server sent another part than was asked for")
    else:
        start = 0  # The server sends all of it.
    length = response.headers.get("Content-Length")
    received = 0
    with (
        open(part, "ab" if start else "wb") as file,
        tqdm(
            total=start + int(length) if length else None,
            initial=start,
            desc=f"downloading {part.with_suffix('').name}",
            unit="B",
            unit_scale=True,
            mininterval=1,
        ) as bar,
    ):
        while block := response.read(_PART):
            file.write(block)
            received += len(block)
            bar.update(len(block))
    if length and received < int(length):
        raise _Cut(f"the connection was cut after {start + received} bytes")
