"""Fixtures: small video files, made with PyAV alone."""

from fractions import Fraction

import av
import numpy as np
import pytest

LEVEL_STEP = 6  # Grey levels between frames; H.264 is off by 2 at most.


@pytest.fixture
def write_numbered():
    """Writes a grey video whose frame i tells its number.

    `write(path, milliseconds)`: one frame per time; `options` are FFmpeg's.
    Key frames every 5 frames, B-frames between.
    """
    x264 = "scenecut=0:bframes=2:b-adapt=0:keyint=5"

    def write(path, milliseconds, *, size=(32, 32), options=None, noise=0):
        rng = np.random.default_rng(0)
        with av.open(str(path), "w", options=options or {}) as file:
            stream = file.add_stream(
                "h264", rate=1000, options={"crf": "5", "x264-params": x264}
            )
            stream.height, stream.width = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for number, time in enumerate(milliseconds):
                level = 16 + LEVEL_STEP * number
                pixels = level + rng.integers(-noise, noise + 1, (*size, 1))
                pixels = np.repeat(pixels.astype(np.uint8), 3, axis=-1)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def numbers():
    """The numbers of decoded frames of such a video."""

    def read(frames):
        levels = frames.mean(axis=(1, 2, 3)) - 16
        return np.rint(levels / LEVEL_STEP).astype(int).tolist()

    return read


@pytest.fixture
def texture():
    """`texture(height, width, u, v)`: uint8 RGB that has moved by (u, v).

    A sum of waves, so it is known at every place and not only at pixels: what
    `texture(h, w, 0, 0)` shows at (x, y) is shown at (x + u, y + v).
    """
    rng = np.random.default_rng(0)
    # Wavelengths of 6 to 25 pixels.
    lengths = 2 * np.pi / rng.uniform(6, 25, (24, 1, 1, 1))
    angles = rng.uniform(0, 2 * np.pi, (24, 1, 1, 1))
    phases = rng.uniform(0, 2 * np.pi, (24, 1, 1, 3))

    def make(height, width, u, v):
        y, x = np.mgrid[:height, :width]
        x, y = (x - u)[..., None], (y - v)[..., None]
        along = np.cos(angles) * x + np.sin(angles) * y
        waves = np.sin(lengths * along + phases).sum(axis=0)
        return np.clip(np.rint(128 + 16 * waves), 0, 255).astype(np.uint8)

    return make
