"""When each frame is shown: the decoder's order, with the file's own times.

Frames leave a decoder in the order in which they are shown, so their order is
never in doubt. Their times often are: AVI stores none, stream-copied files
keep those of another container, elementary streams have only a rate, and the
time of joined recordings starts again. So the order is kept, and the times are
brought into it.
"""

import dataclasses
import heapq
import itertools
import math
import statistics
from collections import deque
from collections.abc import Iterator

import av

from d3d_tf.video.opening import UnreadableVideo
from d3d_tf.video.pictures import whole_pictures

# Frames that H.264 and HEVC may hold back to bring them into order.
REORDERED = 16
# Frames by which the decoding time may go back within a recording.
JITTER = 3
# Seconds by which MPEG's clock may jump within a recording; so does FFmpeg.
LONGEST_PAUSE = 10.0
# Packets after a damaged one within which the next recording may begin: then
# the damage is the end of the recording before.
END_OF_PART = 16
# Frames closer than this, in seconds, have the same time.
SAME_TIME = 1e-4
# The rate of a file that does not state one.
USUAL_RATE = 25
# The share of equal gaps between frames in a file of constant rate, how equal
# they are, and the fewest that tell.
REGULAR, ALIKE, FEWEST = 0.9, 0.25, 8


@dataclasses.dataclass
class Timeline:
    """What is known of a file's times after its frames were read.

    Attributes:
      frames: how many frames were decoded.
      parts: how many recordings the file joins, as far as it was read.
      complete: whether the file was read to its end.
      position: the byte behind the last packet that was read.
      gaps: seconds from frame to frame within each recording.
    """

    frames: int = 0
    parts: int = 0
    complete: bool = False
    position: int = 0
    gaps: list[float] = dataclasses.field(default_factory=list, repr=False)

    @property
    def missing(self) -> int:
        """Frames that a file of constant rate lacks in its middle.

        Damage lost them, or a camera dropped them. Of a file whose rate is not
        constant nothing can be said: 0.
        """
        if len(self.gaps) < FEWEST:
            return 0
        usual = statistics.median(self.gaps)
        alike = sum(abs(gap - usual) <= ALIKE * usual for gap in self.gaps)
        if alike < REGULAR * len(self.gaps):
            return 0
        return sum(round(gap / usual) - 1 for gap in self.gaps if gap > usual)


def timed_frames(
    container, stream, timeline: Timeline | None = None
) -> Iterator[tuple]:
    """Yields (start, end, frame), in seconds; starts increase strictly.

    A recording that follows another one in the same file begins where that
    one ends.

    Args:
      container, stream: as `opened` yields them.
      timeline: is filled while frames are read.

    Raises:
      UnreadableVideo: a frame is damaged or too large.
    """
    timeline = timeline or Timeline()
    decoded = _decoded(container, stream, timeline)
    end = 0.0
    for _, part in itertools.groupby(decoded, key=lambda pair: pair[0]):
        pictures = whole_pictures(frame for _, frame in part)
        before = shift = None
        for start, stop, frame in _in_order(pictures, stream):
            if shift is None:
                shift = end - start if timeline.parts else 0.0
                timeline.parts += 1
            else:
                timeline.gaps.append(start - before)
            before, end = start, stop + shift
            yield start + shift, end, frame
    timeline.complete = True


def _decoded(
    container, stream, timeline: Timeline
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yields (number of the recording, frame) in the decoder's order."""
    codec = stream.codec_context
    part, last = 0, None
    damaged, good = None, 0
    for packet in container.demux(stream):
        if _begins_again(packet, last, container, stream):
            # The decoder still holds frames of the recording before.
            for frame in codec.decode(None):
                frame.time_base = stream.time_base
                timeline.frames += 1
                yield part, frame
            codec.flush_buffers()
            part, damaged = part + 1, None
        if packet.dts is not None:
            last = packet.dts
        if packet.pos is not None:
            timeline.position = packet.pos + packet.size
        if damaged is not None:
            damaged += 1
            if damaged > END_OF_PART:
                raise UnreadableVideo(f"damaged after {good} good frames")
        elif packet.is_corrupt:
            damaged, good = 0, timeline.frames
        for frame in packet.decode():
            timeline.frames += 1
            yield part, frame


def _begins_again(packet, last, container, stream) -> bool:
    """Whether a key frame's decoding time goes back, or jumps in MPEG's."""
    if last is None or packet.dts is None or not packet.is_keyframe:
        return False
    seconds = float((packet.dts - last) * stream.time_base)
    may_jump = container.format.flags & av.format.Flags.ts_discont.value
    return seconds < -JITTER * _nominal_gap(stream) or (
        bool(may_jump) and seconds > LONGEST_PAUSE
    )


def _in_order(frames, stream) -> Iterator[tuple]:
    """Yields (start, end, frame) of one recording.

    The frame that comes out first gets the earliest of the times of itself and
    of those that can be out of order with it. Where times are right this
    changes nothing; where they are those of the order of decoding it repairs
    them. A time that is not later than the one before it is replaced.
    """
    usual = _nominal_gap(stream)
    depth = REORDERED if stream.codec_context.has_b_frames else 0
    held: deque[av.VideoFrame] = deque()
    times: list[float] = []
    stated, last, gap = 0.0, -math.inf, usual

    def released() -> tuple:
        nonlocal last, gap
        frame, start = held.popleft(), heapq.heappop(times)
        if start < last + SAME_TIME:
            start = last + usual
        if last > -math.inf:
            gap = start - last
        last = start
        lasts = float((frame.duration or 0) * (frame.time_base or 0))
        # Many files give their last frame next to no time.
        return start, start + max(lasts, gap, min(usual, 2 * gap)), frame

    for frame in frames:
        if frame.pts is not None:
            stated = frame.time
        heapq.heappush(times, stated)
        held.append(frame)
        stated += usual  # For a next frame without a time of its own.
        if len(held) > depth:
            yield released()
    while held:
        yield released()


def _nominal_gap(stream) -> float:
    """Seconds from frame to frame, by the rate that the stream states."""
    rate = stream.guessed_rate or stream.average_rate or USUAL_RATE
    return float(1 / rate)
