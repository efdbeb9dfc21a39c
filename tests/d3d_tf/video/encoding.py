"""Video files that FFmpeg's libraries write, and pictures with a number."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from d3d_tf.video.opening import opened
from d3d_tf.video.pictures import upright
from d3d_tf.video.timing import timed_frames

SHARED = Path(__file__).resolve().parents[4] / "shared/data"
CLIPS = SHARED / "clips"
no_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason=f"no {CLIPS}")
needs_ffmpeg = pytest.mark.skipif(
    not shutil.which("ffmpeg"), reason="no ffmpeg program"
)
BITS = 8


def encode(path, codec, pixels, pix_fmt, *, options=None, times=None, **muxer):
    """Encodes `[time, height, width, channels]` at 25 fps, or in given ms.

    Pixels are in `pix_fmt` if its name is that of an array's format.
    """
    with av.open(str(path), "w", **muxer) as file:
        stream = file.add_stream(
            codec, rate=25 if times is None else 1000, options=options or {}
        )
        stream.height, stream.width = pixels.shape[1:3]
        stream.pix_fmt = pix_fmt
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for k, picture in enumerate(pixels):
            own = {1: "gray", 3: "rgb24", 4: "rgba"}[picture.shape[-1]]
            array = picture[..., 0] if own == "gray" else picture
            frame = av.VideoFrame.from_ndarray(array, format=own)
            frame = frame.reformat(format=pix_fmt)
            if times is not None:
                frame.pts, frame.time_base = times[k], Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def audio_only(path):
    """An MP4 with a silent track and no pictures."""
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=44100)
        silence = np.zeros((1, 4096), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
        frame.sample_rate = 44100
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def decode(path):
    with opened(path) as (container, stream):
        frames = [upright(f) for _, _, f in timed_frames(container, stream)]
    return np.stack(frames)


def ramp(height=48, width=64, count=5):
    """`[count, height, width, 3]`, smooth; a frame is brighter by 4."""
    y, x = np.mgrid[:height, :width]
    colours = np.stack([2 * x + 40, 2 * y + 50, x + y + 40], axis=-1)
    return (colours + 4 * np.arange(count)[:, None, None, None]).astype(
        np.uint8
    )


def numbered(first, count, height=48, width=64):
    """`[count, height, width, 3]`: `first` and on, in bits along the top.

    The most significant bit is on the left, white is 1. Below are four
    colours: red, green; blue, yellow.
    """
    top, middle = height // 4, (height + height // 4) // 2
    pixels = np.empty((count, height, width, 3), np.uint8)
    pixels[:, top:middle, : width // 2] = (200, 40, 40)
    pixels[:, top:middle, width // 2 :] = (40, 180, 40)
    pixels[:, middle:, : width // 2] = (40, 40, 200)
    pixels[:, middle:, width // 2 :] = (200, 200, 40)
    for k, picture in enumerate(pixels):
        bits = [(first + k) >> (BITS - 1 - bit) & 1 for bit in range(BITS)]
        row = np.repeat(np.multiply(bits, 215) + 20, width // BITS)
        picture[:top] = row[None, :, None]
    return pixels


def numbers_of(frames):
    """The numbers that such pictures show."""
    found = []
    for picture in frames:
        height, width = picture.shape[:2]
        bars = picture[height // 16 : height // 4 - height // 16].mean((0, 2))
        bars = bars.reshape(BITS, width // BITS)[:, 1:-1].mean(1) > 128
        found.append(
            int(sum(bar << (BITS - 1 - k) for k, bar in enumerate(bars)))
        )
    return found


def ffmpeg_frames(path, *options):
    """What FFmpeg's own program shows of a file, one picture after another."""
    command = ["ffmpeg", "-v", "quiet", "-i", path, *options]
    picture_pipe = ["-f", "image2pipe", "-c:v", "ppm", "-"]
    content = subprocess.run(
        command + picture_pipe, stdout=subprocess.PIPE, check=False
    ).stdout
    frames, place = [], 0
    while place < len(content):
        head, begin = content[place:].split(b"\n", 3)[:3], 0
        width, height = map(int, head[1].split())
        begin = place + sum(len(line) + 1 for line in head)
        place = begin + width * height * 3
        pixels = np.frombuffer(content[begin:place], np.uint8)
        frames.append(pixels.reshape(height, width, 3))
    return frames
