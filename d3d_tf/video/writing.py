"""Encoding a video file."""

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

# Of a second, in which times are written; MPEG's clock.
_TICK = Fraction(1, 90_000)


def write_video(
    path: str | Path,
    frames: Iterable[np.ndarray],
    frame_rate: int,
    *,
    times: Sequence[float] | None = None,
    crf: int = 12,
    preset: str = "medium",
) -> None:
    """Encodes uint8 `[height, width, 3]` RGB pictures as H.264.

    The same frames give the same bytes.

    Args:
      path: of an MP4 file.
      frames: one after the other, at least one; sides are even.
      frame_rate: frames per second.
      times: when each is shown, in seconds, from 0 on; None: at `frame_rate`.
      crf: x264's quality, nearly lossless at 12 and small at 28.
      preset: x264's; `superfast` is six times as fast as `medium`, and files
        are larger.
    """
    # With x264's assembler, and PyAV's own conversion to its colour space, one
    # small video of ten came out with other bytes each time.
    options = {"crf": f"{crf}", "threads": "1", "x264-params": "asm=0"}
    options["preset"] = preset
    frames = iter(frames)
    first = next(frames)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=frame_rate, options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        if times is not None:
            stream.codec_context.time_base = _TICK
        for number, pixels in enumerate(itertools.chain([first], frames)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            if times is not None:
                frame.time_base = _TICK
                frame.pts = round(times[number] / _TICK)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
