"""Flow as colour, clips as moving pictures, curves as SVG."""

import base64
import io

import numpy as np
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 160  # Of a clip on the page, in pixels.
MOST_FRAMES = 24


def flow_to_rgb(flow: np.ndarray, full: float | None = None) -> np.ndarray:
    """The usual colour wheel: angle is hue, magnitude is saturation.

    Args:
      flow: float `[..., 2]`, (u, v).
      full: magnitude that is drawn fully saturated; default: the largest.

    Returns:
      uint8 `[..., 3]`; no motion is white, motion to the right is red.
    """
    u, v = flow[..., 0], flow[..., 1]
    magnitude = np.hypot(u, v)
    full = full or float(magnitude.max()) or 1.0
    hue = (np.arctan2(v, u) / (2 * np.pi)) % 1.0
    saturation = np.clip(magnitude / full, 0, 1)
    hsv = np.stack([hue, saturation, np.ones_like(hue)], axis=-1)
    return np.rint(255 * hsv_to_rgb(hsv)).astype(np.uint8)


def clip_picture(frames: np.ndarray, flow: np.ndarray) -> str:
    """A data URI that plays a clip beside its flow.

    Args:
      frames: uint8 `[time, height, width, 3]` RGB.
      flow: float `[time, height, width, 2]`.
    """
    step = max(1, -(-len(frames) // MOST_FRAMES))
    pair = np.concatenate([frames, flow_to_rgb(flow)], axis=2)[::step]
    height = round(WIDTH * frames.shape[1] / frames.shape[2])
    small = frames.shape[2] < WIDTH
    resample = Image.Resampling.NEAREST if small else Image.Resampling.BILINEAR
    pictures = [
        Image.fromarray(p).resize((2 * WIDTH, height), resample) for p in pair
    ]
    return _animation(pictures)


def curves(histories: dict[str, dict[str, list[float]]], key: str) -> str:
    """One SVG of a quantity against steps, a line per network.

    Args:
      histories: `{network: {"step": [...], key: [...]}}`.
      key: what to draw, `loss` or `top1`.
    """
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    for name, history in histories.items():
        axes.plot(history["step"], history[key], label=name)
    if key == "loss":
        # The student's loss has one term more, and a larger one.
        axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel({"top1": "training top-1"}.get(key, key))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _animation(pictures: list[Image.Image]) -> str:
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=120,
        loop=0,
        quality=85,
    )
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/webp;base64,{encoded}"
