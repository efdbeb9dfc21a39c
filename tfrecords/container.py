"""Opening a video file, and its frames with their times, as FFmpeg tells them.

What comes out is for `video.py`; what cannot come out has a reason in words.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

# 8K is 7680 x 4320, 33 million pixels; a header can claim anything.
LARGEST_PICTURE = 40_000_000
LARGEST_ASPECT = 8
# Lists of other files, and text drawn as pictures: not what a video file is.
NO_VIDEO_FORMATS = {"hls", "concat", "dash", "sdp", "tty", "image2"}


class UnreadableVideo(Exception):
    """The file is no video that can be used; the text is the reason."""


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[tuple]:
    """Yields PyAV's container of a file and its first video stream.

    Errors of FFmpeg, of the file system and of what is done with the two
    become reasons.

    Raises:
      UnreadableVideo: missing, empty, no regular file, no video.
    """
    try:
        with _open(path) as container:
            stream = _video_stream(container)
            yield container, stream
    except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise UnreadableVideo(reason(error)) from error


def timed_frames(container, stream) -> Iterator[tuple]:
    """Yields (start, end, frame) with the file's own times in seconds.

    Interlaced frames come out as whole pictures (FFmpeg's `bwdif`, one frame
    for two fields), whichever frames of the file are interlaced.

    Raises:
      UnreadableVideo: a frame is damaged or too large.
    """
    gap = float(1 / (stream.average_rate or stream.guessed_rate or 25))
    previous = None
    for index, frame in enumerate(_whole_pictures(container.decode(stream))):
        # Bare streams have no timestamps, only a rate.
        time = index * gap if frame.time is None else frame.time
        if previous is not None and frame.time is not None:
            gap = time - previous
        previous = time
        shown = float((frame.duration or 0) * (frame.time_base or 0))
        # Many files give their last frame next to no time.
        yield time, time + max(shown, gap), frame


def promised_end(container, stream) -> float:
    """The time at which the header says the file ends; 0: it does not say."""
    if stream.duration:
        ticks = (stream.start_time or 0) + stream.duration
        return float(ticks * stream.time_base)
    return (container.duration or 0) / av.time_base


def upright(frame) -> np.ndarray:
    """uint8 `[height, width, 3]` RGB, turned as the file asks a player to.

    Grey becomes three equal channels, more than 8 bits are rounded to 8, and
    alpha is dropped: the colour that is stored under it stays.
    """
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def reason(error: BaseException, good_frames: int = 0) -> str:
    """One line that says why a file cannot be decoded."""
    text = getattr(error, "strerror", None) or str(error) or repr(error)
    where = f" after {good_frames} good frames" if good_frames else ""
    return " ".join(f"cannot be decoded{where}: {text}".split())


def _open(path: str | Path):
    mode = os.stat(path)
    if not stat.S_ISREG(mode.st_mode) and not stat.S_ISDIR(mode.st_mode):
        raise UnreadableVideo("no regular file (a pipe, socket or device)")
    if mode.st_size == 0:
        raise UnreadableVideo("empty file")
    return av.open(
        # FFmpeg takes what precedes a colon in a relative path for a protocol.
        os.path.abspath(path),
        # Probing already decodes: without this, pictures of a gigabyte.
        options={"max_pixels": str(LARGEST_PICTURE)},
        container_options={"protocol_whitelist": "file"},
        # Titles in old encodings are no reason to lose a video.
        metadata_errors="replace",
    )


def _video_stream(container):
    name = container.format.name
    if name.endswith("_pipe"):
        raise UnreadableVideo(f"a picture ({name.removesuffix('_pipe')})")
    if name in NO_VIDEO_FORMATS:
        raise UnreadableVideo(f"no video but a file of the format {name!r}")
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams:
        raise UnreadableVideo("no video stream in the file")
    codec = streams[0].codec_context
    if codec is None:
        raise UnreadableVideo("its codec is unknown to FFmpeg")
    if not codec.width * codec.height:
        raise UnreadableVideo(
            "the size of its pictures cannot be read, or is above "
            f"{LARGEST_PICTURE // 10**6} million pixels"
        )
    _require_size(codec.width, codec.height)
    codec.thread_type = "NONE"  # Workers decode whole videos side by side.
    return streams[0]


def _whole_pictures(frames) -> Iterator:
    """Good frames of a possible size, without the combs of interlacing."""
    graph = None
    for index, frame in enumerate(frames):
        if frame.is_corrupt:
            raise UnreadableVideo(f"damaged after {index} good frames")
        _require_size(frame.width, frame.height)
        if frame.interlaced_frame and graph is None:
            graph = _deinterlacer(frame)
        if graph is None:
            yield frame
        else:
            graph.push(frame)
            yield from _ready(graph)
    if graph is not None:
        graph.push(None)
        yield from _ready(graph)


def _deinterlacer(frame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    # Frames that say they are progressive pass unchanged.
    bwdif = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return


def _require_size(width: int, height: int) -> None:
    if width * height > LARGEST_PICTURE:
        raise UnreadableVideo(
            f"pictures of {width} x {height}, above "
            f"{LARGEST_PICTURE // 10**6} million pixels"
        )
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise UnreadableVideo(
            f"pictures of {width} x {height}: one side is more than "
            f"{LARGEST_ASPECT} times the other"
        )
