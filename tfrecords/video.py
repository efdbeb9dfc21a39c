"""Decoding one video file, or saying in words why it cannot be."""

import dataclasses
from pathlib import Path

import av
import cv2
import numpy as np

MICROSECONDS = 1_000_000


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
      UnreadableVideo: missing, empty, no video stream, damaged before the
        first frame or in the middle.
    """
    frames: list[np.ndarray] = []
    limit = max(1, round(max_seconds * frame_rate))
    current: np.ndarray | None = None
    # Half a tick of a 90 kHz clock: timestamps are rounded by the container.
    slack = 0.5 / 90_000
    try:
        with _open(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            start = None
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise UnreadableVideo(
                        f"damaged after {len(frames)} good frames"
                    )
                if start is None:
                    start = frame.time or 0.0
                time = (frame.time or 0.0) - start
                while (
                    current is not None
                    and len(frames) < limit
                    and len(frames) / frame_rate < time - slack
                ):
                    frames.append(current)
                if len(frames) >= limit:
                    return _video(frames, frame_rate, trimmed=True)
                current = _resize(frame.to_ndarray(format="rgb24"), short_side)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(_reason(error, len(frames))) from error
    if current is None:
        raise UnreadableVideo("holds no frame")
    frames.append(current)
    return _video(frames, frame_rate, trimmed=False)


def first_frame_size(path: str | Path) -> tuple[int, int]:
    """(height, width) in pixels, decoded and not believed.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    try:
        with _open(path) as container:
            for frame in container.decode(container.streams.video[0]):
                return frame.height, frame.width
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableVideo(_reason(error, 0)) from error
    raise UnreadableVideo("holds no frame")


def write_video(path: str | Path, frames: np.ndarray, frame_rate: int) -> None:
    """Encodes uint8 `[time, height, width, 3]` RGB as near-lossless H.264."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(
            "h264", rate=frame_rate, options={"crf": "12", "threads": "1"}
        )
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
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


def _video(frames, frame_rate: float, *, trimmed: bool) -> Video:
    if len({frame.shape for frame in frames}) > 1:
        raise UnreadableVideo("the picture size changes within the file")
    times = np.arange(len(frames)) * MICROSECONDS / frame_rate
    return Video(np.stack(frames), np.rint(times).astype(np.int64), trimmed)


def _reason(error: Exception, good_frames: int) -> str:
    text = getattr(error, "strerror", None) or str(error)
    where = f" after {good_frames} good frames" if good_frames else ""
    return f"cannot be decoded{where}: {text}"
