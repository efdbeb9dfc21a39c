"""Flow as colour, clips as moving pictures, curves as SVG."""

import base64
import io

import matplotlib
import numpy as np
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 160  # Of a clip on the page, in pixels.
MOST_FRAMES = 24
SHOWN_CLASSES = 25  # At either end.


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


def flow_wheel(size: int = WIDTH) -> np.ndarray:
    """The legend of `flow_to_rgb`: a disc on white.

    Returns:
      uint8 `[size, size, 3]`; each place of the disc has the colour of motion
      from the middle to there, full at the rim.
    """
    axis = np.linspace(-1, 1, size)
    vectors = np.stack(np.meshgrid(axis, axis), axis=-1)
    outside = np.hypot(vectors[..., 0], vectors[..., 1]) > 1
    return flow_to_rgb(np.where(outside[..., None], 0, vectors), full=1.0)


def heat_to_rgb(
    values: np.ndarray, full: float, colours: str = "magma"
) -> np.ndarray:
    """Float `[...]` to uint8 `[..., 3]`.

    Args:
      values: from 0 on.
      full: that has the last colour.
      colours: of Matplotlib; `magma` goes from black to pale yellow, `turbo`
        from blue over green to red.
    """
    found = matplotlib.colormaps[colours](np.clip(values / full, 0, 1))
    return np.rint(255 * found[..., :3]).astype(np.uint8)


def still_picture(
    pixels: np.ndarray, width: int = WIDTH, kind: str = "png"
) -> str:
    """A data URI of uint8 `[height, width, 3]`, `width` pixels wide.

    Args:
      pixels: of the picture.
      width: of the result.
      kind: `png`, exact, or `webp`, small.
    """
    buffer = io.BytesIO()
    _resized(pixels, width).save(buffer, format=kind)
    return _data_uri(buffer, kind)


def clip_picture(frames: np.ndarray, flow: np.ndarray | None) -> str:
    """A data URI that plays a clip, beside its flow if it has one.

    Args:
      frames: uint8 `[time, height, width, 3]` RGB.
      flow: float `[time, height, width, 2]`.
    """
    step = max(1, -(-len(frames) // MOST_FRAMES))
    columns = [frames] if flow is None else [frames, flow_to_rgb(flow)]
    pictures = np.concatenate(columns, axis=2)[::step]
    width = len(columns) * WIDTH
    return _animation([_resized(pixels, width) for pixels in pictures])


def curves(
    histories: dict[str, dict[str, list[float]]], key: str, label: str
) -> str:
    """One SVG of a quantity against steps, a line per network.

    Args:
      histories: `{network: {"step": [...], key: [...]}}`, and maybe `val_KEY`,
        of videos held out of the training.
      key: what to draw, such as `loss`.
      label: of its axis.
    """
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    for name, history in histories.items():
        (line,) = axes.plot(history["step"], history[key], label=name)
        if held_out := history.get(f"val_{key}"):
            axes.plot(
                history["step"],
                held_out,
                label=f"{name}, held-out videos",
                color=line.get_color(),
                linestyle="--",
            )
    if key == "loss":
        # The student's loss has one more term, a larger one.
        axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return _svg(figure)


def endpoint_lines(values: dict[str, dict[str, dict]]) -> str:
    """One SVG of endpoint errors along a network, as figure 3 of D3D.

    Args:
      values: `{network: {endpoint: {"value", "ci95"}}}`, in order.
    """
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, found in values.items():
        heights = np.array([entry["value"] for entry in found.values()])
        bounds = np.array([entry["ci95"] for entry in found.values()]).T
        axes.errorbar(
            list(found),
            heights,
            yerr=np.abs(bounds - heights),
            marker="o",
            capsize=3,
            label=name,
        )
    axes.set_ylabel("endpoint error (pixels)")
    axes.tick_params(axis="x", rotation=30)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return _svg(figure)


def class_bars(values: dict[str, float], label: str) -> str:
    """One SVG of a number per class, the largest on top.

    If there are more than fifty classes, only the first and the last 25, as in
    figures 2 and 3 of D3D's supplement.

    Args:
      values: `{class: percent or points}`.
      label: of the axis.
    """
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > 2 * SHOWN_CLASSES:
        ordered = [
            *ordered[:SHOWN_CLASSES],
            ("...", 0.0),
            *ordered[-SHOWN_CLASSES:],
        ]
    figure = Figure(
        figsize=(5, 0.8 + 0.17 * len(ordered)), layout="constrained"
    )
    axes = figure.subplots()
    names, heights = zip(*ordered, strict=True)
    axes.barh(range(len(names)), heights, height=0.7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_xlabel(label)
    axes.grid(axis="x", alpha=0.3)
    return _svg(figure)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _resized(pixels: np.ndarray, width: int) -> Image.Image:
    height = round(width * pixels.shape[0] / pixels.shape[1])
    small = pixels.shape[1] < width
    resample = Image.Resampling.NEAREST if small else Image.Resampling.BILINEAR
    return Image.fromarray(pixels).resize((width, height), resample)


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
    return _data_uri(buffer, "webp")


def _data_uri(buffer: io.BytesIO, kind: str) -> str:
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind};base64,{encoded}"
