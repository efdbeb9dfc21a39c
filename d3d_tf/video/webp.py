"""Animated WebP, which FFmpeg does not decode."""

import io
import struct
from fractions import Fraction
from pathlib import Path

import av

_ANIMATED = 0x02  # Of the flags that follow VP8X (WebP container, 2.7).


def is_animated_webp(path: str | Path) -> bool:
    """Whether a file is a WebP picture of several frames, by its header."""
    try:
        with open(path, "rb") as file:
            head = file.read(21)
    except OSError:
        return False
    return (
        len(head) == 21
        and head[:4] == b"RIFF"
        and head[8:16] == b"WEBPVP8X"
        and bool(head[20] & _ANIMATED)
    )


def remuxed_webp(path: str | Path) -> io.BytesIO:
    """The same frames at the same times as lossless PNG in QuickTime.

    Raises:
      ValueError: the file is damaged, or Pillow is not installed.
    """
    try:
        from PIL import Image, ImageSequence
    except ImportError as error:
        raise ValueError(
            "animated WebP needs Pillow: pip install pillow"
        ) from (error)
    content = io.BytesIO()
    try:
        with (
            Image.open(path, formats=["WEBP"]) as picture,
            av.open(content, "w", format="mov") as container,
        ):
            stream = container.add_stream("png", rate=1000)
            stream.width, stream.height = picture.size
            stream.pix_fmt = "rgb24"
            stream.codec_context.time_base = Fraction(1, 1000)
            time = 0
            for page in ImageSequence.Iterator(picture):
                frame = av.VideoFrame.from_image(page.convert("RGB"))
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                # Browsers show a frame without a duration for 100 ms.
                lasts = round(page.info.get("duration", 0)) or 100
                time += lasts
                for packet in stream.encode(frame):
                    packet.duration = lasts
                    container.mux(packet)
            container.mux(stream.encode(None))
    except (SyntaxError, struct.error, EOFError) as error:
        raise ValueError(f"a damaged WebP: {error}") from error
    content.seek(0)
    return content
