"""Which seconds of a video are keyframes, and which part of it is a clip."""

import math
from typing import NamedTuple

from d3d_tf.config import ClipRecipe, DataRecipe

_MICRO = 1_000_000
_SLACK = 1e-6  # Seconds; times are sums of rounded ones.


class Span(NamedTuple):
    """The part that is decoded, at `data.frame_rate`.

    Attributes:
      start, end: in seconds from the first frame of the file.
      keyframe: its place among the frames of the part.
    """

    start: float
    end: float
    keyframe: int


def span_around(seconds: float, data: DataRecipe) -> Span:
    """`data.max_seconds` with the keyframe in the middle.

    In the first seconds of a file it is earlier, as the part begins with the
    file.

    Args:
      seconds: of the keyframe, from the first frame of the file; at least 0.
      data: how videos are decoded.
    """
    rate = data.frame_rate
    length = max(1, round(data.max_seconds * rate))
    index = min(length // 2, int(seconds * rate + 1e-6))
    return Span(
        seconds - index / rate, seconds + (length - index) / rate, index
    )


def every_second(length: float, clip: ClipRecipe, rate: float) -> list[int]:
    """The whole seconds of a video around which a clip fits, as AVA has them.

    Args:
      length: of the video, in seconds.
      clip: its frames and stride.
      rate: of which it has so many per second.

    Returns:
      Microseconds; of a video that is shorter than the clip its middle.
    """
    before = clip.frames // 2 * clip.stride / rate
    after = (clip.frames - clip.frames // 2) * clip.stride / rate
    first = math.ceil(before - _SLACK)
    last = math.floor(length - after + _SLACK)
    found = [second * _MICRO for second in range(first, last + 1)]
    return found or [round(length / 2 * _MICRO)]
