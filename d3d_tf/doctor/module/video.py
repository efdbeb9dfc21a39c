"""A bundled clip as a program sees it: the right way, and the wrong ones.

A program chooses frames, cuts a square, may turn and mirror it, orders the
colours, and scales to floats. Each step has one right way.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from d3d_tf.doctor.module.drawing import FRAME_RATE, HEIGHT
from d3d_tf.doctor.module.served import Module
from d3d_tf.video.reading import read_video

# Of torchvision's and many others' image models, in [0, 1].
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SECONDS = 60  # Longer than the clips.


@functools.lru_cache(maxsize=8)
def stored(path: Path) -> np.ndarray:
    """All frames of a bundled clip, uint8 `[time, height, width, 3]` RGB."""
    return read_video(
        path, frame_rate=FRAME_RATE, short_side=HEIGHT, max_seconds=_SECONDS
    ).frames


# Which frames: a function of how many there are, and of the module.
def _at_rate(count: int, rate: float) -> list[int]:
    """Frame k is what is shown at k / rate."""
    length = math.ceil(count * rate / FRAME_RATE - 1e-6)
    return [int(k * FRAME_RATE / rate + 1e-6) for k in range(max(length, 1))]


def _chosen(indices: list[int], frames: int, *, first: bool) -> list[int]:
    """As many as a clip has; what is too short begins again."""
    start = 0 if first else max(0, (len(indices) - frames) // 2)
    return [indices[(start + k) % len(indices)] for k in range(frames)]


def middle(count: int, module: Module) -> list[int]:
    """Right: the middle clip, at the module's rate."""
    return _chosen(
        _at_rate(count, module.frame_rate), module.frames, first=False
    )


def beginning(count: int, module: Module) -> list[int]:
    """The first clip, at the module's rate."""
    return _chosen(
        _at_rate(count, module.frame_rate), module.frames, first=True
    )


def every_frame(count: int, module: Module) -> list[int]:
    """As many frames of the file around its middle."""
    return _chosen(list(range(count)), module.frames, first=False)


def every_first_frame(count: int, module: Module) -> list[int]:
    """The first frames of the file."""
    return _chosen(list(range(count)), module.frames, first=True)


def half_rate(count: int, module: Module) -> list[int]:
    """The middle clip, at half the module's rate."""
    return _chosen(
        _at_rate(count, module.frame_rate / 2), module.frames, first=False
    )


def spread(count: int, module: Module) -> list[int]:
    """Frames from the whole file, equally far apart."""
    return list(np.linspace(0, count - 1, module.frames).astype(int))


# How a picture gets another size.
def as_prepared(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Means over areas where it shrinks, linear where it grows."""
    shrinks = height < pixels.shape[0]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=way)


def by_others(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Linear, and through a JPEG: no mistake, but other pixels."""
    smaller = cv2.resize(pixels, (width, height))[..., ::-1]
    jpeg = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1]


# Which square of a picture.
def shortened(pixels: np.ndarray, short_side: int, resize: Callable):
    """The whole picture, of a short side."""
    scale = short_side / min(pixels.shape[:2])
    height, width = (round(side * scale) for side in pixels.shape[:2])
    return resize(pixels, width, height)


def _cropped(pixels: np.ndarray, short_side: int, size: int, resize: Callable):
    smaller = shortened(pixels, short_side, resize)
    top, left = ((side - size) // 2 for side in smaller.shape[:2])
    return smaller[top : top + size, left : left + size]


def cropped(pixels: np.ndarray, module: Module, resize: Callable):
    """Right: of the records' short side, the middle."""
    return _cropped(pixels, module.info.short_side, module.size, resize)


def cropped_small(pixels: np.ndarray, module: Module, resize: Callable):
    """The short side is that of the square, so more is seen."""
    return _cropped(pixels, module.size, module.size, resize)


def squeezed(pixels: np.ndarray, module: Module, resize: Callable):
    """The whole picture, with another aspect."""
    return resize(pixels, module.size, module.size)


# What is done to `[time, height, width, 3]`.
def as_is(clip: np.ndarray) -> np.ndarray:
    """Nothing."""
    return clip


def reversed_time(clip: np.ndarray) -> np.ndarray:
    """The last frame first."""
    return clip[::-1]


def mirrored(clip: np.ndarray) -> np.ndarray:
    """Left is right."""
    return clip[:, :, ::-1]


def blue_first(clip: np.ndarray) -> np.ndarray:
    """BGR, as OpenCV reads."""
    return clip[..., ::-1]


# Floats of bytes.
def unit(clip: np.ndarray) -> np.ndarray:
    """Right: [0, 1]."""
    return clip / 255.0


def levels(clip: np.ndarray) -> np.ndarray:
    """0 to 255, as floats."""
    return clip


def signed(clip: np.ndarray) -> np.ndarray:
    """[-1, 1], as Keras and TF-Slim want it."""
    return clip / 127.5 - 1.0


def standardized(clip: np.ndarray) -> np.ndarray:
    """Minus ImageNet's mean, by its deviation."""
    return (clip / 255.0 - _MEAN) / _DEVIATION


@dataclasses.dataclass(frozen=True)
class Steps:
    """How a program makes a module's input; without arguments, rightly.

    Attributes:
      choose: frames.
      cut: a square out of each.
      turn, mirror, colour: what is done to the clip.
      scale: bytes to floats.
    """

    choose: Callable = middle
    cut: Callable = cropped
    turn: Callable = as_is
    mirror: Callable = as_is
    colour: Callable = as_is
    scale: Callable = unit


def seen(
    path: Path, module: Module, steps: Steps, resize: Callable = as_prepared
) -> np.ndarray:
    """What a program gives a module of a clip.

    Returns:
      float32 `[time, size, size, 3]`.
    """
    video = stored(path)
    # Times may repeat: each picture is made once.
    indices = steps.choose(len(video), module)
    made = {i: steps.cut(video[i], module, resize) for i in set(indices)}
    clip = np.stack([made[i] for i in indices])
    clip = steps.colour(steps.mirror(steps.turn(clip)))
    return np.asarray(steps.scale(clip), np.float32)
