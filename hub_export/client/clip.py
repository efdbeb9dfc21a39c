"""From a video file to the encoded frames that are sent.

The frames are those that `--mode=prepare` would store and `--mode=predict`
would look at: the same times and size, and, with JPEG quality 95, the same
pixels.
"""

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.module_info import ModuleInfo
from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.reading import read_video

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

    A video that is too short begins again at its end; for a detector its first
    and last frame stay. Where the network's
    square is known, no more is sent than it needs around it; the cut is on the
    borders of JPEG's blocks, so that the square's pixels are, to the bit,
    those of whole frames. Quality, unless `info` tells it, is 95, that of
    records, or as much less as it takes for `MOST_BYTES`; 64 frames of 224
    pixels take 85 or 90.

    Args:
      path: any file that FFmpeg decodes.
      info: of the sizes, the sampling and the quality; its `frames` and
        `frame_rate` are not read.
      frames: how many; all of them are sent.
      frame_rate: of them, in frames per second; see `ModuleInfo`.
      check: called again and again; what it raises ends the work.

    Returns:
      `frames` JPEGs.

    Raises:
      ClientError: the file cannot be used.
    """
    try:
        stored = read_video(
            path,
            frame_rate=frame_rate * info.stride,
            short_side=info.short_side,
            max_seconds=info.max_seconds,
            square_pixels=info.square_pixels,
            check=check,
        ).frames
    except UnreadableVideo as error:
        raise ClientError(f"{path} cannot be used: {error}.") from error
    if info.detects:
        chosen = frames_around(len(stored) // 2, len(stored), frames, info)
    else:
        chosen = middle_frames(len(stored), frames, info.stride, info.sampling)
    told = info.jpeg_quality
    for quality in (told,) if told else QUALITIES:
        jpegs: dict[int, bytes] = {}
        for index in chosen:
            if index not in jpegs:
                check()
                jpegs[index] = _jpeg(stored[index], info, quality)
        clip = [jpegs[index] for index in chosen]
        if sum(map(len, clip)) <= MOST_BYTES:
            break
    return clip


def middle_frames(
    length: int, frames: int, stride: int = 1, sampling: str = "dense"
) -> list[int]:
    """Indices of the frames in the middle clip of a video.

    Those of `data.crops.centre_geometry`, without TensorFlow.

    Args:
      length: frames of the video.
      frames: of the clip.
      stride, sampling: see `ModuleInfo`.
    """
    if sampling == "segments":
        return [(2 * k + 1) * length // (2 * frames) for k in range(frames)]
    start = max(0, (length - (frames - 1) * stride - 1) // 2)
    return [(start + k * stride) % length for k in range(frames)]


def frames_around(
    keyframe: int, length: int, frames: int, info: ModuleInfo
) -> list[int]:
    """Indices of the frames of a detector's clip.

    Those of `detector.clips.around`, without TensorFlow.

    Args:
      keyframe: its index, that of frame `frames // 2` of the clip.
      length, frames: as in `middle_frames`.
      info: of the stride.
    """
    steps = [info.stride * (k - frames // 2) for k in range(frames)]
    return [min(max(keyframe + step, 0), length - 1) for step in steps]


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
