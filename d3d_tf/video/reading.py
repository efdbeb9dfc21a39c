"""Reading one video file at a constant rate and a given size."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from d3d_tf.video.opening import UnreadableVideo, opened, reason
from d3d_tf.video.pictures import pixel_aspect, resized, shown_size
from d3d_tf.video.timing import Timeline, timed_frames
from d3d_tf.video.wholeness import require_video, require_whole

MICROSECONDS = 1_000_000
# Half a tick of MPEG's clock, in seconds: containers round timestamps.
SLACK = 0.5 / 90_000
# A container's tick is no rounding if it is more of a frame's time than this.
LARGEST_TICK = 0.4
# A tick of the coarsest usual clock, Matroska's: an end is a sum of two times.
END_SLACK = 0.001
# Below this, decoding from the beginning costs no more than a jump.
SHORTEST_JUMP = 5.0  # Seconds.
# Formats with an index of their key frames. Elsewhere (MPEG program streams) a
# jump can end between them, in pictures without what they refer to.
INDEXED = ("mov,mp4", "matroska,webm")
LARGEST_VIDEO = 4 * 2**30  # Bytes of decoded frames.
NO_ENTRY = "cannot be entered in the middle"
SIZE_CHANGES = "the picture size changes within the file"
SQUARE = Fraction(1)

__all__ = [
    "UnreadableVideo",
    "Video",
    "first_frame_size",
    "frame_times",
    "frames_of",
    "read_video",
]


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


def read_video(
    path: str | Path,
    *,
    frame_rate: float,
    short_side: int,
    max_seconds: float,
    start: float = 0.0,
    end: float | None = None,
    square_pixels: bool = True,
    check: Callable[[], object] = lambda: None,
) -> Video:
    """Reads a file, or a part of it, at a constant rate and a given size.

    Output frame k shows what a player shows at start + k / frame_rate seconds
    after the first frame: the newest frame that is not later. Rates are
    therefore changed by times, whatever the file's own rate, constant or not;
    at the file's own rate each frame comes out once. The last output frame is
    before `end`.

    Args:
      path: any file FFmpeg can decode.
      frame_rate: frames per second of the output.
      short_side: shorter side of the output in pixels; the aspect is kept.
      max_seconds: the output is no longer than this.
      start, end: the part of the file, in seconds from its first frame;
        without an end up to the end of the file.
      square_pixels: show pixels of another aspect than 1 as a player does, in
        square ones; else the stored pixels are kept.
      check: called with every decoded frame; what it raises ends the work.

    Raises:
      UnreadableVideo: missing, empty, without video, a picture, damaged, cut
        off well before the end that its header states, followed by another
        recording that cannot be read, or over before `start`.
    """
    clip = _Clip(frame_rate, short_side, max_seconds, start, end, square_pixels)
    if start > SHORTEST_JUMP:
        try:
            return _read(path, clip, check, jump=True)
        except UnreadableVideo:
            pass  # Not every file can be entered in the middle.
    return _read(path, clip, check, jump=False)


def frames_of(
    path: str | Path, short_side: int, *, square_pixels: bool = True
) -> Iterator[np.ndarray]:
    """All frames of a file, one after the other.

    Yields:
      uint8 `[height, width, 3]` RGB, upright, of the given short side.

    Raises:
      UnreadableVideo: as `read_video`; frames before the damage came out.
    """
    with opened(path) as (container, stream):
        aspect = pixel_aspect(stream) if square_pixels else SQUARE
        shape = None
        for _, _, frame in timed_frames(container, stream):
            pixels = resized(frame, short_side, aspect)
            if shape not in (None, pixels.shape):
                raise UnreadableVideo(SIZE_CHANGES)
            shape = pixels.shape
            yield pixels


def frame_times(path: str | Path) -> list[float]:
    """When each frame of a file is shown, in seconds; strictly increasing.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    times, end = [], 0.0
    timeline = Timeline()
    with opened(path) as (container, stream):
        for start, stop, _ in timed_frames(container, stream, timeline):
            times.append(start)
            end = stop
        require_video(timeline)
        require_whole(path, container, stream, timeline, end)
    return times


def first_frame_size(
    path: str | Path, *, square_pixels: bool = True
) -> tuple[int, int]:
    """(height, width) in pixels, decoded and not believed.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    timeline = Timeline()
    with opened(path) as (container, stream):
        aspect = pixel_aspect(stream) if square_pixels else SQUARE
        frames = timed_frames(container, stream, timeline)
        first, second = next(frames, None), next(frames, None)
        if second is None:
            require_video(timeline)
        return shown_size(first[2], aspect)


class _Clip:
    """The output frames, filled as time goes by; times from `start`."""

    def __init__(self, rate, short_side, max_seconds, start, end, square):
        self.start = start
        self.end = math.inf if end is None else end
        self._rate, self._short_side, self._square = rate, short_side, square
        longest = max(1, round(max_seconds * rate))
        wanted = (self.end - start) * rate - 1e-6
        self._cut_short = longest < wanted
        self._limit = longest if self._cut_short else max(1, math.ceil(wanted))

    def begin(self, stream) -> None:
        """Takes the first frame of a stream next."""
        self.frames: list[np.ndarray] = []
        self._aspect = pixel_aspect(stream) if self._square else SQUARE
        self._shown, self._fresh = None, False
        self._pixels = np.empty((0, 0, 3), np.uint8)
        self.slack = _rounding(stream)

    def show(self, frame, time: float) -> bool:
        """From `time` on `frame` is shown; whether more is wanted."""
        self.fill(time - self.slack)
        self._shown, self._fresh = frame, True
        return time < self._limit / self._rate - self.slack

    def fill(self, time: float) -> None:
        """Repeats what is shown for all output frames due before `time`."""
        while (
            len(self.frames) < self._limit
            and len(self.frames) / self._rate < time
        ):
            if self._fresh:
                self._pixels = resized(
                    self._shown, self._short_side, self._aspect
                )
                self._fresh = False
            self.frames.append(self._pixels)
            if len(self.frames) * self._pixels.nbytes > LARGEST_VIDEO:
                raise UnreadableVideo(
                    f"more than {LARGEST_VIDEO / 2**30:g} GiB when decoded; a "
                    "smaller data.max_seconds cuts it"
                )

    def video(self, timeline: Timeline) -> Video:
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


def _read(path: str | Path, clip: _Clip, check: Callable, *, jump: bool):
    """Fills the clip.

    Raises:
      UnreadableVideo: as `read_video`, or the jump did not end before `start`.
    """
    timeline = Timeline()
    stop = 0.0
    with contextlib.ExitStack() as stack:
        container, stream = stack.enter_context(opened(path))
        clip.begin(stream)
        try:
            frames = timed_frames(container, stream, timeline)
            first = next(frames, None)
            if first is None:
                require_video(timeline)
            origin = first[0]
            begin = origin + clip.start
            if jump:
                if not container.format.name.startswith(INDEXED):
                    raise UnreadableVideo(NO_ENTRY)
                ticks = math.floor(begin / stream.time_base)
                container.seek(ticks, stream=stream)
                timeline = Timeline()
                frames = timed_frames(container, stream, timeline)
                first = next(frames, None)
                if first is None or not first[2].key_frame or first[0] > begin:
                    raise UnreadableVideo(NO_ENTRY)
            clip.show(first[2], first[0] - begin)
            stop = first[1]
            for time, stop_, frame in frames:
                check()
                if not clip.show(frame, time - begin):
                    break
                stop = stop_
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnreadableVideo(reason(error, timeline.frames)) from error
        if timeline.complete:
            if not jump:
                require_video(timeline)
            wanted = origin + clip.end
            require_whole(path, container, stream, timeline, stop, wanted)
            if stop <= begin:
                raise UnreadableVideo(
                    f"over after {stop - origin:.1f} s, before the clip's "
                    f"start at {clip.start:.1f} s"
                )
            clip.fill(stop - begin - max(END_SLACK, 2 * clip.slack))
        if not clip.frames:
            clip.fill(SLACK)
    return clip.video(timeline)
