"""Decoding one video file, or saying in words why it cannot be."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from d3d_tf.tfrecords.container import (
    UnreadableVideo,
    opened,
    promised_end,
    reason,
    timed_frames,
    upright,
)

MICROSECONDS = 1_000_000
# Half a tick of MPEG's clock, in seconds: containers round timestamps.
SLACK = 0.5 / 90_000
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

__all__ = [
    "UnreadableVideo",
    "Video",
    "first_frame_size",
    "frame_times",
    "frames_of",
    "read_video",
    "write_video",
]


@dataclasses.dataclass(frozen=True)
class Video:
    """Decoded and resampled frames.

    Attributes:
      frames: uint8 `[time, height, width, 3]` RGB.
      timestamps: int64 `[time]`, microseconds from the first frame.
      trimmed: whether `max_seconds` cut something off.
    """

    frames: np.ndarray
    timestamps: np.ndarray
    trimmed: bool


def read_video(
    path: str | Path,
    *,
    frame_rate: float,
    short_side: int,
    max_seconds: float,
    start: float = 0.0,
    end: float | None = None,
) -> Video:
    """Reads a file, or a part of it, at a constant rate and a given size.

    Output frame k shows what a player shows at start + k / frame_rate seconds
    after the first frame: the newest frame that is not later. Rates are
    therefore changed by timestamps, whatever the file's own rate, constant or
    not. The last output frame is before `end`.

    Args:
      path: any file FFmpeg can decode.
      frame_rate: frames per second of the output.
      short_side: shorter side of the output in pixels; the aspect is kept.
      max_seconds: the output is no longer than this.
      start, end: the part of the file, in seconds from its first frame;
        without an end up to the end of the file.

    Raises:
      UnreadableVideo: missing, empty, no video stream, damaged, cut off well
        before the end that its header tells, or over before `start`.
    """
    clip = _Clip(frame_rate, short_side, max_seconds, start, end)
    if start > SHORTEST_JUMP:
        try:
            return _read(path, clip, jump=True)
        except UnreadableVideo:
            pass  # Not every file can be entered in the middle.
    return _read(path, clip, jump=False)


def frames_of(path: str | Path, short_side: int) -> Iterator[np.ndarray]:
    """All frames of a file as they are stored, one after the other.

    Yields:
      uint8 `[height, width, 3]` RGB, upright, of the given short side.

    Raises:
      UnreadableVideo: as `read_video`; frames before the damage came out.
    """
    with opened(path) as (container, stream):
        shape = None
        for _, _, frame in timed_frames(container, stream):
            pixels = _resize(upright(frame), short_side)
            if shape not in (None, pixels.shape):
                raise UnreadableVideo(SIZE_CHANGES)
            shape = pixels.shape
            yield pixels


def frame_times(path: str | Path) -> list[float]:
    """When each frame of a file is shown, in seconds.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    times = []
    end = 0.0
    with opened(path) as (container, stream):
        promised = promised_end(container, stream)
        for start, stop, _ in timed_frames(container, stream):
            times.append(start)
            end = stop
    if not times:
        raise UnreadableVideo("holds no frame")
    _require_whole(end, promised)
    return times


def first_frame_size(path: str | Path) -> tuple[int, int]:
    """(height, width) in pixels, decoded and not believed.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    with opened(path) as (container, stream):
        for _, _, frame in timed_frames(container, stream):
            height, width = frame.height, frame.width
            return (width, height) if frame.rotation % 180 else (height, width)
    raise UnreadableVideo("holds no frame")


def write_video(
    path: str | Path, frames: np.ndarray, frame_rate: int, *, crf: int = 12
) -> None:
    """Encodes uint8 `[time, height, width, 3]` RGB as H.264.

    The same frames give the same bytes. `crf`, x264's quality, is nearly
    lossless at 12 and small at 28.
    """
    # With x264's assembler, and PyAV's own conversion to its colour space, one
    # small video of ten came out with other bytes each time.
    options = {"crf": f"{crf}", "threads": "1", "x264-params": "asm=0"}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=frame_rate, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


class _Clip:
    """The output frames, filled as time goes by; times from `start`."""

    def __init__(self, frame_rate, short_side, max_seconds, start, end):
        self.start = start
        self.end = math.inf if end is None else end
        self._rate, self._short_side = frame_rate, short_side
        longest = max(1, round(max_seconds * frame_rate))
        wanted = (self.end - start) * frame_rate - 1e-6
        self._cut_short = longest < wanted
        self._limit = longest if self._cut_short else max(1, math.ceil(wanted))
        self.clear()

    def clear(self) -> None:
        self.frames: list[np.ndarray] = []
        self._shown, self._fresh = None, False
        self._pixels = np.empty((0, 0, 3), np.uint8)

    def show(self, frame, time: float) -> bool:
        """From `time` on `frame` is shown; whether more is wanted."""
        self.fill(time - SLACK)
        self._shown, self._fresh = frame, True
        return time < self._limit / self._rate - SLACK

    def fill(self, time: float) -> None:
        """Repeats what is shown for all output frames due before `time`."""
        while (
            len(self.frames) < self._limit
            and len(self.frames) / self._rate < time
        ):
            if self._fresh:
                self._pixels = _resize(upright(self._shown), self._short_side)
                self._fresh = False
            self.frames.append(self._pixels)
            if len(self.frames) * self._pixels.nbytes > LARGEST_VIDEO:
                raise UnreadableVideo(
                    f"more than {LARGEST_VIDEO / 2**30:g} GiB when decoded; a "
                    "smaller data.max_seconds cuts it"
                )

    def video(self, *, whole: bool) -> Video:
        if len({frame.shape for frame in self.frames}) > 1:
            raise UnreadableVideo(SIZE_CHANGES)
        times = np.arange(len(self.frames)) * MICROSECONDS / self._rate
        return Video(
            np.stack(self.frames),
            np.rint(times).astype(np.int64),
            self._cut_short and not whole,
        )


def _read(path: str | Path, clip: _Clip, *, jump: bool) -> Video:
    """Fills the clip.

    Raises:
      UnreadableVideo: as `read_video`, or the jump did not end before `start`.
    """
    clip.clear()
    wanted = True
    stop = 0.0
    with contextlib.ExitStack() as stack:
        container, stream = stack.enter_context(opened(path))
        try:
            promised = promised_end(container, stream)
            frames = timed_frames(container, stream)
            first = next(frames, None)
            if first is None:
                raise UnreadableVideo("holds no frame")
            origin = first[0]
            begin = origin + clip.start
            if jump:
                if not container.format.name.startswith(INDEXED):
                    raise UnreadableVideo(NO_ENTRY)
                ticks = math.floor(begin / stream.time_base)
                container.seek(ticks, stream=stream)
                frames = timed_frames(container, stream)
                first = next(frames, None)
                if first is None or not first[2].key_frame or first[0] > begin:
                    raise UnreadableVideo(NO_ENTRY)
            clip.show(first[2], first[0] - begin)
            stop = first[1]
            for time, stop_, frame in frames:
                wanted = clip.show(frame, time - begin)
                if not wanted:
                    break
                stop = stop_
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnreadableVideo(reason(error, len(clip.frames))) from error
    if wanted:
        _require_whole(stop, min(promised, origin + clip.end))
        if stop <= begin:
            raise UnreadableVideo(
                f"over after {stop - origin:.1f} s, before the clip's start at "
                f"{clip.start:.1f} s"
            )
        clip.fill(stop - begin - END_SLACK)
    if not clip.frames:
        clip.fill(SLACK)
    return clip.video(whole=wanted)


def _require_whole(end: float, promised: float) -> None:
    if end < promised - max(0.5, 0.1 * promised):
        raise UnreadableVideo(
            f"cut off: it can be decoded up to {end:.1f} s of {promised:.1f} s"
        )


def _resize(pixels: np.ndarray, short_side: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = short_side / min(height, width)
    if scale == 1:
        return pixels
    size = (round(width * scale), round(height * scale))
    return cv2.resize(
        pixels,
        size,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
