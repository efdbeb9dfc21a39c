"""Opening a video file and choosing its stream, or saying why it cannot be."""

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import av

from d3d_tf.video.webp import is_animated_webp, remuxed_webp

# 8K is 7680 x 4320, 33 million pixels; a header can claim anything.
LARGEST_PICTURE = 40_000_000
LARGEST_ASPECT = 8
# Lists of other files, and text drawn as pictures: not what a video file is.
NO_VIDEO_FORMATS = {"hls", "concat", "dash", "sdp", "tty"}


class UnreadableVideo(Exception):
    """The file is not a usable video; the text is the reason."""


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[tuple]:
    """Yields PyAV's container of a file and the video stream to decode.

    Errors of FFmpeg, of the file system and of what is done with the two
    become reasons.

    Raises:
      UnreadableVideo: missing, empty, not a regular file, or without video.
    """
    try:
        with _open(path) as container:
            yield container, _video_stream(container)
    except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise UnreadableVideo(reason(error)) from error


def rate_and_seconds(path: str | Path) -> tuple[float, float]:
    """What a file's header says: frames per second, and how long it is.

    0 is what it does not say. Nothing is decoded but what opening needs.

    Raises:
      UnreadableVideo: as `opened`.
    """
    with opened(path) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate or 0
        return float(rate), (container.duration or 0) / av.time_base


def reason(error: BaseException, good_frames: int = 0) -> str:
    """One line that says why a file cannot be decoded."""
    text = getattr(error, "strerror", None) or str(error) or repr(error)
    where = f" after {good_frames} good frames" if good_frames else ""
    return " ".join(f"cannot be decoded{where}: {text}".split())


def require_size(width: int, height: int) -> None:
    """Refuses pictures that are too large or too narrow.

    Raises:
      UnreadableVideo: the picture's area or aspect is out of bounds.
    """
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


def _open(path: str | Path):
    mode = os.stat(path)
    if not stat.S_ISREG(mode.st_mode) and not stat.S_ISDIR(mode.st_mode):
        raise UnreadableVideo("not a regular file (a pipe, socket or device)")
    if mode.st_size == 0:
        raise UnreadableVideo("empty file")
    # FFmpeg takes what precedes a colon in a relative path for a protocol.
    source: str | io.BytesIO = os.path.abspath(path)
    if is_animated_webp(path):
        source = remuxed_webp(path)
    return av.open(
        source,
        # Probing already decodes: without this, pictures of a gigabyte.
        options={"max_pixels": str(LARGEST_PICTURE)},
        container_options={"protocol_whitelist": "file"},
        # Titles in old encodings are no reason to lose a video.
        metadata_errors="replace",
    )


def _video_stream(container):
    name = container.format.name
    if name == "image2" or name.endswith("_pipe"):
        raise UnreadableVideo(f"a picture ({name.removesuffix('_pipe')})")
    if name in NO_VIDEO_FORMATS:
        raise UnreadableVideo(f"not a video but a file of the format {name!r}")
    stream = _preferred(container.streams.video)
    if stream is None:
        raise UnreadableVideo("no video stream in the file")
    codec = stream.codec_context
    if codec is None:
        raise UnreadableVideo("its codec is unknown to FFmpeg")
    if not codec.width * codec.height:
        raise UnreadableVideo(
            "the size of its pictures cannot be read, or is above "
            f"{LARGEST_PICTURE // 10**6} million pixels"
        )
    require_size(codec.width, codec.height)
    codec.thread_type = "NONE"  # Workers decode whole videos side by side.
    return stream


def _preferred(streams):
    """What a player shows: the default stream, or else the largest.

    Covers, thumbnails and tiles of pictures are streams, too; they come last
    or not at all.
    """
    kinds = av.stream.Disposition
    no_video = kinds.attached_pic | kinds.timed_thumbnails

    def rank(stream) -> tuple:
        codec = stream.codec_context
        area = codec.width * codec.height if codec else 0
        kind = stream.disposition
        return (
            area > 0,
            stream.frames != 1,
            not kind & kinds.dependent,
            bool(kind & kinds.default),
            area,
            -stream.index,
        )

    videos = [s for s in streams if not s.disposition & no_video]
    return max(videos, key=rank, default=None)
