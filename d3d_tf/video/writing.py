"""Encoding a video file."""

from pathlib import Path

import av
import numpy as np


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
