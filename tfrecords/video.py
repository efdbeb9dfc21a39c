"""Decoding one video file, or saying in words why it cannot be."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

MICROSECONDS = 1_000_000
# Half a tick of MPEG's clock, in seconds: containers round timestamps.
SLACK = 0.5 / 90_000
# A tick of the coarsest usual clock, Matroska's: an end is a sum of two times.
END_SLACK = 0.001
SIZE_CHANGES = "the picture size changes within the file"


class UnreadableVideo(Exception):
    """The file is no video that can be used; the text is the reason."""


@dataclasses.dataclass(frozen=True)
class Video:
    """Decoded and resampled frames.

    Attributes:
      frames: uint8 `[time, height, width, 3]` RGB.
      timestamps: int64 `[time]`, microseconds from the first frame.
      trimmed: whether the file goes on after the last frame.
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
) -> Video:
    """Reads a file at a constant rate and a given size.

    Output frame k shows what a player shows at k / frame_rate seconds after
    the first frame: the newest frame that is not later. Rates are therefore
    changed by timestamps, whatever the file's own rate, constant or not.

    Args:
      path: any file FFmpeg can decode.
      frame_rate: frames per second of the output.
      short_side: shorter side of the output in pixels; the aspect is kept.
      max_seconds: the output ends here at the latest.

    Raises:
      UnreadableVideo: missing, empty, no video stream, damaged, or cut off
        well before the end that its header tells.
    """
    limit = max(1, round(max_seconds * frame_rate))
    frames: list[np.ndarray] = []
    current = np.empty((0, 0, 3), np.uint8)
    end = 0.0
    trimmed = False

    def show_until(time: float) -> None:
        """Repeats `current` for all output frames that are due before."""
        while len(frames) < limit and len(frames) / frame_rate < time - SLACK:
            frames.append(current)

    origin = None
    try:
        with _open(path) as container:
            stream = container.streams.video[0]
            for start, stop, frame in _timed_frames(container, stream):
                if origin is None:
                    origin = start
                else:
                    show_until(start - origin)
                trimmed = start - origin >= limit / frame_rate - SLACK
                if trimmed:
                    break
                current = _resize(_upright(frame), short_side)
                end = stop
            promised = _promised_end(container, stream)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(_reason(error, len(frames))) from error
    if origin is None:
        raise UnreadableVideo("holds no frame")
    if not trimmed:
        _require_whole(end, promised)
    show_until(end - origin - END_SLACK)
    if not frames:
        frames.append(current)
    return _video(frames, frame_rate, trimmed)


def frames_of(path: str | Path, short_side: int) -> Iterator[np.ndarray]:
    """All frames of a file as they are stored, one after the other.

    Yields:
      uint8 `[height, width, 3]` RGB, upright, of the given short side.

    Raises:
      UnreadableVideo: as `read_video`; frames before the damage came out.
    """
    with _decoding(path) as (timed_frames, _):
        shape = None
        for _, _, frame in timed_frames:
            pixels = _resize(_upright(frame), short_side)
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
    with _decoding(path) as (timed_frames, promised):
        for start, stop, _ in timed_frames:
            times.append(start)
            end = stop
    if not times:
        raise UnreadableVideo("holds no frame")
    _require_whole(end, promised)
    return times


@contextlib.contextmanager
def _decoding(path: str | Path):
    """Yields a file's frames and promised end; its errors become reasons."""
    try:
        with _open(path) as container:
            stream = container.streams.video[0]
            promised = _promised_end(container, stream)
            yield _timed_frames(container, stream), promised
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(_reason(error, 0)) from error


def first_frame_size(path: str | Path) -> tuple[int, int]:
    """(height, width) in pixels, decoded and not believed.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    try:
        with _open(path) as container:
            for frame in container.decode(container.streams.video[0]):
                height, width = frame.height, frame.width
                return (
                    (width, height) if frame.rotation % 180 else (height, width)
                )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(_reason(error, 0)) from error
    raise UnreadableVideo("holds no frame")


def write_video(path: str | Path, frames: np.ndarray, frame_rate: int) -> None:
    """Encodes uint8 `[time, height, width, 3]` RGB as near-lossless H.264.

    The same frames give the same bytes.
    """
    # With x264's assembler, and PyAV's own conversion to its colour space, one
    # small video of ten came out with other bytes each time.
    options = {"crf": "12", "threads": "1", "x264-params": "asm=0"}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=frame_rate, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _open(path: str | Path):
    if Path(path).stat().st_size == 0:
        raise UnreadableVideo("empty file")
    container = av.open(str(path))
    if not container.streams.video:
        container.close()
        raise UnreadableVideo("no video stream in the file")
    return container


def _timed_frames(container, stream):
    """Yields (start, end, frame) with the file's own times in seconds."""
    stream.thread_type = "NONE"  # Workers decode whole videos side by side.
    gap = float(1 / (stream.average_rate or stream.guessed_rate or 25))
    previous = None
    for index, frame in enumerate(container.decode(stream)):
        if frame.is_corrupt:
            raise UnreadableVideo(f"damaged after {index} good frames")
        # Bare streams have no timestamps, only a rate.
        time = index * gap if frame.time is None else frame.time
        if previous is not None and frame.time is not None:
            gap = time - previous
        previous = time
        shown = float((frame.duration or 0) * (frame.time_base or 0))
        # Many files give their last frame next to no time.
        yield time, time + max(shown, gap), frame


def _promised_end(container, stream) -> float:
    """The time at which the header says the file ends; 0: it does not say."""
    if stream.duration:
        ticks = (stream.start_time or 0) + stream.duration
        return float(ticks * stream.time_base)
    return (container.duration or 0) / av.time_base


def _require_whole(end: float, promised: float) -> None:
    if end < promised - max(0.5, 0.1 * promised):
        raise UnreadableVideo(
            f"cut off: it can be decoded up to {end:.1f} s of {promised:.1f} s"
        )


def _upright(frame) -> np.ndarray:
    """RGB pixels, turned as the file asks a player to (phones do that)."""
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


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


def _video(frames, frame_rate: float, trimmed: bool) -> Video:
    if len({frame.shape for frame in frames}) > 1:
        raise UnreadableVideo(SIZE_CHANGES)
    times = np.arange(len(frames)) * MICROSECONDS / frame_rate
    return Video(np.stack(frames), np.rint(times).astype(np.int64), trimmed)


def _reason(error: Exception, good_frames: int) -> str:
    text = getattr(error, "strerror", None) or str(error)
    where = f" after {good_frames} good frames" if good_frames else ""
    return f"cannot be decoded{where}: {text}"
