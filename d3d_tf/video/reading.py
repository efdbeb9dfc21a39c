"""Reading one video file at a constant rate and a given size."""

import contextlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from d3d_tf.video.one_rate import (
    SIZE_CHANGES,
    SLACK,
    SQUARE,
    Clip,
    Video,
    resizing,
)
from d3d_tf.video.opening import UnreadableVideo, opened, reason
from d3d_tf.video.pictures import pixel_aspect, resized, shown_size
from d3d_tf.video.timing import Timeline, timed_frames
from d3d_tf.video.wholeness import NO_FRAME, require_video, require_whole

# Below this, decoding from the beginning costs no more than a jump.
SHORTEST_JUMP = 5.0  # Seconds.
# Formats with an index of their key frames. Elsewhere (MPEG program streams) a
# jump can end between them, in pictures without what they refer to.
INDEXED = ("mov,mp4", "matroska,webm")
NO_ENTRY = "cannot be entered in the middle"

__all__ = [
    "UnreadableVideo",
    "Video",
    "first_frame_size",
    "frame_times",
    "frames_of",
    "read_video",
]


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
    clip = Clip(frame_rate, max_seconds, start, end)
    size = short_side, square_pixels
    if start > SHORTEST_JUMP:
        try:
            return _read(path, clip, size, check, jump=True)
        except UnreadableVideo:
            pass  # Not every file can be entered in the middle.
    return _read(path, clip, size, check, jump=False)


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
        _, _, frame = _first(frames)
        if next(frames, None) is None:
            require_video(timeline)
        return shown_size(frame, aspect)


def _first(frames: Iterator[tuple]) -> tuple:
    for timed in frames:
        return timed
    raise UnreadableVideo(NO_FRAME)


def _read(
    path: str | Path,
    clip: Clip,
    size: tuple[int, bool],
    check: Callable,
    *,
    jump: bool,
) -> Video:
    """Fills the clip with pictures of a short side, in square pixels or not.

    Raises:
      UnreadableVideo: as `read_video`, or the jump did not end before `start`.
    """
    timeline = Timeline()
    stop = 0.0
    with contextlib.ExitStack() as stack:
        container, stream = stack.enter_context(opened(path))
        clip.begin(stream, resizing(stream, *size))
        try:
            frames = timed_frames(container, stream, timeline)
            first = _first(frames)
            origin = first[0]
            begin = origin + clip.start
            if jump:
                if not container.format.name.startswith(INDEXED):
                    raise UnreadableVideo(NO_ENTRY)
                ticks = math.floor(begin / stream.time_base)
                container.seek(ticks, stream=stream)
                timeline = Timeline()
                frames = timed_frames(container, stream, timeline)
                first = _first(frames)
                if not first[2].key_frame or first[0] > begin:
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
            clip.end_at(stop - begin)
        if not clip.frames:
            clip.fill(SLACK)
    return clip.video(timeline)
