"""From a video file to the encoded frames that are sent.

The frames are those that `--mode=prepare` would store and `--mode=predict`
would look at: the same times and size, and, with JPEG quality 95, the same
pixels.
"""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.module_info import ModuleInfo

# Containers round times to ticks, in seconds: MPEG's clock, and Matroska's,
# the coarsest usual one, for an end, the sum of two times.
_ROUNDING = 0.5 / 90_000
_TICK = 0.001
# What a clip may take, of the qualities that are tried for it.
MOST_BYTES = 1_000_000
QUALITIES = (95, 90, 85, 80, 75)
# JPEG codes squares of 16 pixels, where colour has half the resolution.
_BLOCK = 16


def encoded_clip(
    path: str | Path,
    info: ModuleInfo,
    *,
    frames: int,
    frame_rate: float,
    check: Callable[[], None] = lambda: None,
) -> list[bytes]:
    """The middle clip of a video as JPEGs.

    A video that is too short begins again at its end. Where the network's
    square is known, no more is sent than it needs around it; the cut is on the
    borders of JPEG's blocks, so that the square's pixels are, to the bit,
    those of whole frames. Quality, unless `info` tells it, is 95, that of
    records, or as much less as it takes for `MOST_BYTES`; 64 frames of 224
    pixels take 85 or 90.

    Args:
      path: any file that FFmpeg decodes.
      info: of the sizes and the quality; its `frames` and `frame_rate` are
        not read.
      frames: how many; all of them are sent.
      frame_rate: in frames per second.
      check: called again and again; what it raises ends the work.

    Returns:
      `frames` JPEGs.

    Raises:
      ClientError: the file cannot be used.
    """
    try:
        stored = _sampled(path, info, frame_rate, check)
    except (av.FFmpegError, OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or error
        raise ClientError(f"{path} cannot be decoded: {text}.") from error
    start = max(0, (len(stored) - frames) // 2)
    chosen = [stored[(start + i) % len(stored)] for i in range(frames)]
    told = info.jpeg_quality
    for quality in (told,) if told else QUALITIES:
        # Repeated frames are one array.
        jpegs: dict[int, bytes] = {}
        for pixels in chosen:
            if id(pixels) not in jpegs:
                check()
                jpegs[id(pixels)] = _jpeg(pixels, info, quality)
        clip = [jpegs[id(pixels)] for pixels in chosen]
        if sum(map(len, clip)) <= MOST_BYTES:
            break
    return clip


def _sampled(
    path: str | Path,
    info: ModuleInfo,
    frame_rate: float,
    check: Callable[[], None],
) -> list[np.ndarray]:
    """Frames at a constant rate: frame k is what is shown at k / rate.

    Returns:
      uint8 `[height, width, 3]` RGB, of the short side.
    """
    limit = max(1, round(info.max_seconds * frame_rate))
    frames: list[np.ndarray] = []
    frame = None
    # FFmpeg takes what precedes a colon in a relative path for a protocol.
    with av.open(os.path.abspath(path), metadata_errors="replace") as container:
        if not container.streams.video:
            raise ValueError("no video stream in it")
        for until, frame in _timed(container):
            check()
            due = min(limit, math.ceil(until * frame_rate)) - len(frames)
            if due > 0:
                frames += [_resized(frame, info.short_side)] * due
            if len(frames) == limit:
                break
    if frame is None:
        raise ValueError("it holds no frame")
    return frames or [_resized(frame, info.short_side)]


def _timed(container) -> Iterator[tuple]:
    """Yields (until, frame): up to when it is shown, in seconds."""
    stream = container.streams.video[0]
    gap = float(1 / (stream.average_rate or stream.guessed_rate or 25))
    shown, begin, origin = None, 0.0, 0.0
    for index, frame in enumerate(container.decode(stream)):
        if frame.is_corrupt:
            raise ValueError(f"damaged after {index} good frames")
        # Bare streams have no times, only a rate.
        time = index * gap if frame.time is None else frame.time
        if shown is None:
            origin = time
        else:
            yield time - origin - _ROUNDING, shown
            gap = gap if frame.time is None else time - begin
        shown, begin = frame, time
    if shown is not None:
        lasts = float((shown.duration or 0) * (shown.time_base or 0))
        # Many files give their last frame next to no time.
        yield begin - origin + max(lasts, gap) - _TICK, shown


def _resized(frame, short_side: int) -> np.ndarray:
    pixels = frame.to_ndarray(format="rgb24")
    pixels = np.rot90(pixels, round(frame.rotation / 90))
    height, width = pixels.shape[:2]
    scale = short_side / min(height, width)
    if scale == 1:
        return pixels
    return cv2.resize(
        np.ascontiguousarray(pixels),
        (round(width * scale), round(height * scale)),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )


def _jpeg(pixels: np.ndarray, info: ModuleInfo, quality: int) -> bytes:
    height, width = pixels.shape[:2]
    needed = pixels[_needed(height, info), _needed(width, info), ::-1]
    settings = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_OPTIMIZE, 1),  # 5 % fewer bytes, the same pixels.
    ]
    return cv2.imencode(".jpg", needed, settings)[1].tobytes()


def _needed(length: int, info: ModuleInfo) -> slice:
    """The part of one axis around the network's middle `size` pixels.

    It begins at a block, has its middle where the axis has, is no shorter
    than the short side (the module would enlarge it), and leaves the square a
    block on either side, from which its colours are interpolated.
    """
    if info.size is None:
        return slice(0, length)
    corner = (length - info.size) // 2
    margin = max(_BLOCK, math.ceil((info.short_side - info.size) / 2))
    begin = (corner - margin) // _BLOCK * _BLOCK
    if begin <= 0:
        return slice(0, length)
    return slice(begin, 2 * corner + info.size - begin)
