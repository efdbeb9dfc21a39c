"""A video that lies as a folder of pictures."""

import hashlib
import math
import re
from pathlib import Path

import cv2
import numpy as np

from d3d_tf.video.one_rate import MICROSECONDS, SIZE_CHANGES, Video
from d3d_tf.video.opening import UnreadableVideo, require_size
from d3d_tf.video.pictures import scaled

PICTURES = (".jpg", ".jpeg", ".png")
_NUMBER = re.compile(r"(\d+)\D*$")


def read_frame_folder(
    folder: str | Path,
    *,
    rate: float,
    frame_rate: float,
    short_side: int,
    max_seconds: float,
    start: float = 0.0,
    end: float | None = None,
) -> tuple[Video, str]:
    """Reads a part of it, as `read_video` reads a file.

    Pictures are shown in the order of the last number in their names, the first
    from 0 s on.

    Args:
      folder: of `.jpg` or `.png` pictures.
      rate: pictures per second.
      frame_rate, short_side, max_seconds, start, end: as in `read_video`.

    Returns:
      The video, and the SHA-256 of the pictures that it was made of.

    Raises:
      UnreadableVideo: there is no picture, one cannot be decoded or has another
        size, or they are over before `start`.
    """
    paths = pictures_in(folder)
    length = len(paths) / rate
    if start >= length:
        raise UnreadableVideo(
            f"over after {length:.1f} s, before the clip's start at "
            f"{start:.1f} s"
        )
    stop = length if end is None else min(length, end)
    trimmed = start + max_seconds < stop
    if trimmed:
        stop = start + max_seconds
    count = max(1, math.ceil((stop - start) * frame_rate - 1e-6))
    times = start + np.arange(count) / frame_rate
    # Times are sums of rounded ones.
    places = np.floor(times * rate + 1e-6).astype(int).clip(0, len(paths) - 1)
    sha256, pictures = hashlib.sha256(), {}
    for place in np.unique(places):
        content = paths[place].read_bytes()
        sha256.update(content)
        pictures[place] = _decoded(content, paths[place].name, short_side)
    if len({picture.shape for picture in pictures.values()}) > 1:
        raise UnreadableVideo(SIZE_CHANGES)
    video = Video(
        np.stack([pictures[place] for place in places]),
        np.rint(np.arange(count) * MICROSECONDS / frame_rate).astype(np.int64),
        trimmed,
    )
    return video, sha256.hexdigest()


def first_picture_size(folder: str | Path) -> tuple[int, int]:
    """(height, width) of the first picture.

    Raises:
      UnreadableVideo: there is none, or it cannot be decoded.
    """
    paths = pictures_in(folder)
    if not paths:
        raise UnreadableVideo("a folder without a picture")
    height, width, _ = _pixels(paths[0].read_bytes(), paths[0].name).shape
    return height, width


def pictures_in(folder: str | Path) -> list[Path]:
    """In the order in which they are shown."""
    return sorted(
        (p for p in Path(folder).iterdir() if p.suffix.lower() in PICTURES),
        key=_number,
    )


def _number(path: Path) -> tuple[int, str]:
    found = _NUMBER.search(path.stem)
    return int(found[1]) if found else -1, path.name


def _pixels(content: bytes, name: str) -> np.ndarray:
    """Blue, green and red, as OpenCV reads them."""
    pixels = None
    if content:
        data = np.frombuffer(content, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if pixels is None:
        raise UnreadableVideo(f"{name} cannot be decoded")
    height, width = pixels.shape[:2]
    require_size(width, height)
    return pixels


def _decoded(content: bytes, name: str, short_side: int) -> np.ndarray:
    pixels = _pixels(content, name)
    height, width = pixels.shape[:2]
    return scaled(
        np.ascontiguousarray(pixels[..., ::-1]), height, width, short_side
    )
