"""Whether what was decoded is all that the file holds."""

import mmap
import os
import re
from pathlib import Path

import av

from d3d_tf.video.opening import UnreadableVideo, opened
from d3d_tf.video.timing import Timeline

# Containers whose header states the length of each track. The others state
# that of the longest one, which may be the sound.
LENGTH_OF_TRACK = ("mov,mp4", "avi", "mxf")
# How files begin of the formats in which FFmpeg overlooks a later recording.
HEADS = {
    "flv": re.compile(rb"FLV\x01[\x01\x04\x05]\0\0\0\x09"),
    "matroska,webm": re.compile(
        rb"\x1a\x45\xdf\xa3.{1,60}(matroska|webm)", re.DOTALL
    ),
    "asf": re.compile(
        re.escape(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))
    ),
}
NO_FRAME = "holds no frame"
JOINED = "joined from several recordings, of which not all can be read"


def require_video(timeline: Timeline) -> None:
    """Refuses a file that was read to its end and holds no moving picture.

    Raises:
      UnreadableVideo: it holds no frame or a single one.
    """
    if not timeline.frames:
        raise UnreadableVideo(NO_FRAME)
    if timeline.frames == 1:
        raise UnreadableVideo("a picture (a single frame)")


def require_whole(
    path: str | Path,
    container,
    stream,
    timeline: Timeline,
    end: float,
    wanted: float = float("inf"),
) -> None:
    """Refuses a file that was read to its end and should hold more.

    Args:
      path, container, stream: of the file.
      timeline: of its frames.
      end: of its last frame, in seconds.
      wanted: what is later does not matter, in seconds.

    Raises:
      UnreadableVideo: the file is cut off, or another recording follows that
        FFmpeg does not read.
    """
    promised = min(_promised_end(container, stream), wanted)
    # Where a clock of MPEG runs over, FFmpeg begins before 0.
    end = max(end, end - timeline.begin)
    name = container.format.name
    if _falls_short(end, promised) and (
        name.startswith(LENGTH_OF_TRACK)
        or _falls_short(_end_of_all_tracks(path), promised)
    ):
        raise UnreadableVideo(
            f"cut off: it can be decoded up to {end:.1f} s of {promised:.1f} s"
        )
    if name.startswith("mov,mp4"):
        joined = _first_boxes(path).count(b"ftyp") > 1
    else:
        joined = name in HEADS and _follows(
            path, HEADS[name], timeline.position
        )
    if joined:
        raise UnreadableVideo(JOINED)


def _falls_short(end: float, promised: float) -> bool:
    return end < promised - max(0.5, 0.1 * promised)


def _promised_end(container, stream) -> float:
    """The time at which the header says the file ends; 0: it does not say."""
    # Without a start the length is a guess by the rate of bits.
    if container.start_time is None:
        return 0.0
    if not stream.duration:
        return (container.duration or 0) / av.time_base
    ticks = stream.duration
    if container.format.name.startswith(LENGTH_OF_TRACK):
        ticks += stream.start_time or 0
    return float(ticks * stream.time_base)


def _end_of_all_tracks(path: str | Path) -> float:
    """The latest time of anything in the file, in seconds; nothing is decoded.

    If sound or subtitles reach the promised end, the file is not cut off.
    """
    latest = 0.0
    with opened(path) as (container, _):
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                ticks = packet.pts + (packet.duration or 0)
                latest = max(latest, float(ticks * packet.time_base))
    return latest


def _first_boxes(path: str | Path) -> list[bytes]:
    """The types of the outermost boxes of an ISO 14496-12 file, in order."""
    types = []
    place, size = 0, os.path.getsize(path)
    with open(path, "rb") as file:
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            types.append(head[4:8])
            if length == 1:  # The true length follows, in 64 bits.
                length = int.from_bytes(head[8:], "big")
            if length < 8:  # 0: up to the end of the file.
                break
            place += length
    return types


def _follows(path: str | Path, head: re.Pattern, position: int) -> bool:
    """Whether a file begins again after the last packet that was read."""
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return head.search(content, position) is not None
