"""Which part of a video is a keyframe's clip."""

from typing import NamedTuple

from d3d_tf.config import DataRecipe


class Span(NamedTuple):
    """The part that is decoded, at `data.frame_rate`.

    Attributes:
      start, end: in seconds from the first frame of the file.
      index: of the keyframe among the frames of the part.
    """

    start: float
    end: float
    index: int


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
