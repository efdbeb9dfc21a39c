"""The frames of a clip at a constant rate, taken as a video goes by."""

import dataclasses
import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.pictures import pixel_aspect, resized
from d3d_tf.video.timing import Timeline

MICROSECONDS = 1_000_000
# Half a tick of MPEG's clock, in seconds: containers round timestamps.
SLACK = 0.5 / 90_000
# A container's tick is no rounding if it is more of a frame's time than this.
LARGEST_TICK = 0.4
# A tick of the coarsest usual clock, Matroska's: an end is a sum of two times.
END_SLACK = 0.001
LARGEST_VIDEO = 4 * 2**30  # Bytes of decoded frames.
SIZE_CHANGES = "the picture size changes within the file"
SQUARE = Fraction(1)


@dataclasses.dataclass(frozen=True)
class Video:
    """Decoded and resampled frames.

    Attributes:
      frames: uint8 `[time, height, width, 3]` RGB.
      timestamps: int64 `[time]`, microseconds from the first frame.
      trimmed: whether `max_seconds` cut something off.
      missing: frames that the file lacks in its middle, as far as it was read;
        see `Timeline.missing`.
      parts: how many recordings are joined in the file, as far as it was read.
    """

    frames: np.ndarray
    timestamps: np.ndarray
    trimmed: bool
    missing: int = 0
    parts: int = 1


class Clip:
    """The output frames, filled as time goes by; times from `start`.

    Args:
      rate: of the output, frames per second.
      max_seconds: the output is no longer than this.
      start, end: in seconds from the video's first frame; `end` may be None.
    """

    def __init__(
        self, rate: float, max_seconds: float, start: float, end: float | None
    ):
        self.start = start
        self.end = math.inf if end is None else end
        self._rate = rate
        longest = max(1, round(max_seconds * rate))
        wanted = (self.end - start) * rate - 1e-6
        self._cut_short = longest < wanted
        self._limit = longest if self._cut_short else max(1, math.ceil(wanted))

    def begin(self, stream, resize: Callable[[Any], np.ndarray]) -> None:
        """Takes a stream's first frame next; `resize` makes pixels of it."""
        self.frames: list[np.ndarray] = []
        self._resize, self._shown = resize, None
        self.slack = _rounding(stream)

    def show(self, frame, time: float) -> bool:
        """From `time` on `frame` is shown; whether more is wanted."""
        self.fill(time - self.slack)
        self._shown = frame
        return time < self._limit / self._rate - self.slack

    def fill(self, time: float) -> None:
        """Repeats what is shown for all output frames due before `time`."""
        while (
            len(self.frames) < self._limit
            and len(self.frames) / self._rate < time
        ):
            pixels = self._resize(self._shown)
            self.frames.append(pixels)
            if len(self.frames) * pixels.nbytes > LARGEST_VIDEO:
                raise UnreadableVideo(
                    f"more than {LARGEST_VIDEO / 2**30:g} GiB when decoded; a "
                    "smaller data.max_seconds cuts it"
                )

    def end_at(self, time: float) -> None:
        """The file ends then: its last frame is shown up to that time."""
        self.fill(time - max(END_SLACK, 2 * self.slack))
        if not self.frames:
            self.fill(SLACK)

    @property
    def full(self) -> bool:
        """Whether no frame is missing."""
        return len(self.frames) == self._limit

    def video(self, timeline: Timeline) -> Video:
        """What was taken.

        Raises:
          UnreadableVideo: the size of the pictures changes.
        """
        if len({frame.shape for frame in self.frames}) > 1:
            raise UnreadableVideo(SIZE_CHANGES)
        times = np.arange(len(self.frames)) * MICROSECONDS / self._rate
        return Video(
            np.stack(self.frames),
            np.rint(times).astype(np.int64),
            self._cut_short and not timeline.complete,
            missing=timeline.missing,
            parts=timeline.parts,
        )


def resizing(
    stream, short_side: int, square_pixels: bool
) -> Callable[[Any], np.ndarray]:
    """What makes pixels of a stream's frames; it remembers the last one's."""
    aspect = pixel_aspect(stream) if square_pixels else SQUARE
    return functools.lru_cache(1)(
        lambda frame: resized(frame, short_side, aspect)
    )


def _rounding(stream) -> float:
    """Seconds by which a frame may be later than its rate says.

    Both its time and that of the first frame are rounded to ticks, unless the
    time from frame to frame is a whole number of them.
    """
    rate = stream.guessed_rate or stream.average_rate
    if not rate or not stream.time_base:
        return SLACK
    share = rate * stream.time_base
    if share.numerator == 1 or share > LARGEST_TICK:
        return SLACK
    return max(SLACK, float(stream.time_base))
