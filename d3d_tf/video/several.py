"""Several clips of one video file, which is decoded once."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from d3d_tf.video.one_rate import Clip, Video, resizing
from d3d_tf.video.opening import opened
from d3d_tf.video.timing import Timeline, timed_frames
from d3d_tf.video.wholeness import require_video, require_whole


def read_clips(
    path: str | Path,
    spans: Sequence[tuple[float, float]],
    *,
    frame_rate: float,
    short_side: int,
    square_pixels: bool = True,
) -> Iterator[Video | None]:
    """Yields what `read_video` gives of each span, one after the other.

    Only clips that have begun and have not ended yet are in memory, and
    pictures that they share are there once.

    Args:
      path: any file FFmpeg can decode.
      spans: (start, end) in seconds from the first frame, sorted.
      frame_rate, short_side, square_pixels: as in `read_video`.

    Yields:
      None where the file is over before the start.

    Raises:
      UnreadableVideo: as `read_video`.
    """
    timeline = Timeline()
    waiting = deque(
        Clip(frame_rate, end - start + 1, start, end) for start, end in spans
    )
    begun: deque[Clip] = deque()
    before: Any = None  # (frame, seconds)
    origin = stop = 0.0
    with opened(path) as (container, stream):
        resize = resizing(stream, short_side, square_pixels)
        for clip in waiting:
            clip.begin(stream, resize)
        for time, end, frame in timed_frames(container, stream, timeline):
            origin = time if before is None else origin
            now, stop = time - origin, end - origin
            # A clip begins with the frame before the first that is too late.
            while waiting and now > waiting[0].start + waiting[0].slack:
                clip = waiting.popleft()
                clip.show(before[0], before[1] - clip.start)
                begun.append(clip)
            for clip in begun:
                clip.show(frame, now - clip.start)
            while begun and begun[0].full:
                yield begun.popleft().video(timeline)
            if not (begun or waiting):
                return
            before = frame, now
        require_video(timeline)
        wanted = origin + max(clip.end for clip in (*begun, *waiting))
        require_whole(path, container, stream, timeline, origin + stop, wanted)
        for clip in (*begun, *waiting):
            if clip in waiting:
                clip.show(before[0], before[1] - clip.start)
            if stop > clip.start:
                clip.end_at(stop - clip.start)
            yield clip.video(timeline) if clip.frames else None
