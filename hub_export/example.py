"""Draws the example clip of a module and writes it with the module's answer."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from d3d_tf.hub_export.client.example import (
    ANSWER,
    BOXES,
    FEATURES_SIGNATURE,
    FOLDER,
    INPUT,
    REQUEST,
    SIGNATURE,
    features_text,
    per_channel,
    request_text,
)
from d3d_tf.hub_export.client.signature import FEATURES, NUM_FRAMES
from d3d_tf.hub_export.signature_inputs import ClipSpec
from d3d_tf.sealed import sealed

# Of longer clips only so many: 16 pictures of 256 pixels take 0.2 MB.
MOST_FRAMES = 16
_JPEG_QUALITY = 85


def draw(frames: int, height: int) -> np.ndarray:
    """A disc that crosses a texture.

    No mistake of a caller leaves the clip as it is: red, green and blue are
    never alike, the disc moves one way and fades, a spiral is not its own
    mirror image, and the picture is wider than high.

    Returns:
      uint8 `[frames, height, height * 4 // 3, 3]` RGB.
    """
    width = height * 4 // 3
    y, x = np.mgrid[:height, :width] / height
    ground = 0.7 + 0.3 * np.sin(16 * x + np.sin(11 * y)) * np.sin(20 * y)
    clip = np.empty([frames, height, width, 3], np.uint8)
    for index, phase in enumerate(np.linspace(0, 1, frames)):
        dx = x - width / height / 2 - 0.5 * (phase - 0.5)
        dy = y - 0.5 - 0.2 * (phase - 0.5)
        radius = np.hypot(dx, dy)
        spiral = np.sin(40 * radius + 2 * np.arctan2(dy, dx))
        light = (0.9 - 0.4 * phase) * (1 + 0.25 * spiral)
        inside = np.clip((0.3 - radius) * height + 0.5, 0, 1)[..., None]
        pixels = ground[..., None] * np.array([40, 90, 20])
        pixels += inside * (light[..., None] * np.array([235, 40, 70]) - pixels)
        clip[index] = np.rint(np.clip(pixels, 0, 255))
    return clip


def drawn_for(clip: ClipSpec) -> np.ndarray:
    """The example of modules that take such clips; see `draw`."""
    frames = max(clip.shortest, min(clip.frames, MOST_FRAMES))
    return draw(frames, clip.short_side)


def write_example(
    folder: Path,
    module: Any,
    content: str,
    *,
    pictures: np.ndarray | None = None,
    boxes: list[list[float]] | None = None,
    features: np.ndarray | None = None,
) -> str:
    """Writes an example clip and the module's answer to it.

    Args:
      folder: of the module's version.
      module: as `hub.load` gives it.
      content: digest of the module, the entry of `module.json`.
      pictures: uint8 `[time, height, width, 3]`, of the clip, which is sent to
        `frames_encoded`.
      boxes: `[N][4]`, what is asked about it, of modules that take boxes.
      features: uint8 `[frames, 1152]`, which are sent to `features_uint8`, of
        modules that take features instead of pictures.

    Returns:
      The folder of the example, relative to the module's.
    """
    if features is not None:
        outputs = module.signatures[FEATURES_SIGNATURE](
            **{
                FEATURES: tf.constant(features[None]),
                NUM_FRAMES: tf.constant([len(features)]),
            }
        )
        request = features_text(features)
    else:
        outputs, request = _of_pictures(module, pictures, boxes)
    output = next(k for k in ("probabilities", "features") if k in outputs)
    answer = {
        "content": content,
        "request_sha256": hashlib.sha256(request.encode()).hexdigest(),
        "output": output,
        "values": per_channel(outputs[output].numpy()).tolist(),
    }
    (folder / FOLDER).mkdir(parents=True)
    (folder / FOLDER / REQUEST).write_text(request)
    (folder / FOLDER / ANSWER).write_text(sealed(answer))
    return FOLDER


def _of_pictures(module: Any, pictures, boxes) -> tuple[dict, str]:
    """The answer of `frames_encoded`, and the request."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    frames = [
        cv2.imencode(".jpg", picture[..., ::-1], settings)[1].tobytes()
        for picture in pictures
    ]
    asked = {INPUT: tf.constant([frames])}
    if boxes is not None:
        asked[BOXES] = tf.constant([boxes])
    return module.signatures[SIGNATURE](**asked), request_text(frames, boxes)
