"""Draws docs/d3d.jpg, the first picture of the README.

`python -m docs.make_picture` takes frames of a video of the toy, computes their
TV-L1 flow, and draws the networks around them.
"""

import tempfile
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from d3d_tf.config import ToyRecipe
from d3d_tf.report.pictures import flow_to_rgb
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.toy_videos import write_videos
from d3d_tf.video.reading import read_video

HERE = Path(__file__).parent
CLASS = "up_right"
STRIDE, SHOWN = 2, 4
FULL = 4.0  # Speed that is drawn in full colour, in pixels per frame.
INK, GREY, RED, BLUE = "#222222", "#6f6f6f", "#b3392f", "#2b5c9e"
MIDDLE = {"ha": "center", "va": "center"}


def clip_and_flow() -> tuple[np.ndarray, np.ndarray]:
    """uint8 frames `[time, height, width, 3]`, and their flow in colours."""
    toy = ToyRecipe(
        size=160, num_frames=STRIDE * SHOWN, train_videos=8, test_videos=8
    )
    with tempfile.TemporaryDirectory() as folder:
        listing = write_videos(Path(folder), toy, 0, show=False)
        path = next(s.path for s in listing.sources if s.class_name == CLASS)
        video = read_video(
            path, frame_rate=25, short_side=toy.size, max_seconds=10
        )
    colours = flow_to_rgb(tvl1_flow(video.frames), FULL)
    wide = slice(toy.size // 4, None)  # Four to three.
    return video.frames[:-1:STRIDE, wide], colours[::STRIDE, wide]


def stack(axes: Axes, pictures: np.ndarray, left: float, bottom: float) -> None:
    """Draws pictures one behind the other, the first in front."""
    width, height = 1.72, 1.72 * pictures.shape[1] / pictures.shape[2]
    for k, picture in enumerate(pictures):
        x, y, order = left + 0.13 * k, bottom + 0.13 * k, 50 - 2 * k
        sides = (x, x + width, y, y + height)
        axes.imshow(picture, extent=sides, zorder=order)
        frame = Rectangle((x, y), width, height, zorder=order + 1)
        frame.set(facecolor="none", edgecolor=GREY, linewidth=1)
        axes.add_patch(frame)


def box(axes: Axes, left: float, bottom: float, name: str, colour: str) -> None:
    """Draws a network with its name (one bold line) and what it is."""
    shape = FancyBboxPatch((left, bottom), 1.6, 0.9, boxstyle="round,pad=0.06")
    shape.set(facecolor="white", edgecolor=colour, linewidth=2)
    axes.add_patch(shape)
    bold, _, rest = name.partition("\n")
    x, y = left + 0.8, bottom + 0.45
    axes.text(x, y + 0.17, bold, weight="bold", color=colour, **MIDDLE)
    axes.text(x, y - 0.2, rest, size=9.5, **MIDDLE)


def arrow(axes: Axes, start, end, colour: str = INK, style="-|>") -> None:
    """Draws an arrow from one point to another."""
    line = FancyArrowPatch(start, end, arrowstyle=style, mutation_scale=14)
    line.set(color=colour, linewidth=1.7, zorder=60)
    axes.add_patch(line)


def logits(axes: Axes, left: float, bottom: float, heights, colour) -> None:
    """Draws bars that stand for the logits of six classes."""
    x = left + 0.15 * np.arange(len(heights))
    axes.bar(x, heights, width=0.1, bottom=bottom, color=colour)


def draw() -> Figure:
    """The whole picture; coordinates are inches."""
    frames, flow = clip_and_flow()
    figure = Figure(figsize=(9.2, 4.3))
    axes = figure.add_axes((0, 0, 1, 1))
    training = FancyBboxPatch((0.13, 0.13), 7.5, 1.87, boxstyle="round,pad=.05")
    training.set(facecolor="#f4f1ea", edgecolor=GREY, linestyle="--")
    axes.add_patch(training)
    stack(axes, frames, 0.25, 2.3)
    stack(axes, flow, 0.25, 0.25)
    axes.text(0.27, 4.07, "RGB clip", color=INK, weight="bold")
    axes.text(2.6, 2.13, "TV-L1 flow", color=INK, weight="bold")
    arrow(axes, (2.48, 2.6), (2.48, 1.65))
    arrow(axes, (2.55, 3.1), (3.25, 3.1))
    arrow(axes, (2.55, 1.05), (3.25, 1.05))
    box(axes, 3.4, 2.65, "Student\n3-D network on RGB", BLUE)
    box(axes, 3.4, 0.6, "Teacher\n3-D network, frozen", RED)
    arrow(axes, (5.12, 3.1), (5.6, 3.1))
    arrow(axes, (5.12, 1.05), (5.6, 1.05))
    logits(axes, 5.75, 2.8, [0.2, 0.1, 0.62, 0.3, 0.12, 0.2], BLUE)
    logits(axes, 5.75, 0.75, [0.12, 0.2, 0.7, 0.22, 0.1, 0.3], RED)
    arrow(axes, (6.12, 2.7), (6.12, 1.6), style="<|-|>")
    axes.text(6.28, 2.3, r"squared distance: $\lambda\,L_d$", va="center")
    arrow(axes, (6.75, 3.1), (7.3, 3.1), style="<|-|>")
    axes.text(7.4, 3.1, "class label:\ncross-entropy $L_a$", va="center")
    axes.text(6.12, 3.55, "logits", color=GREY, style="italic", **MIDDLE)
    axes.text(
        7.5, 0.25, "only in training", color=GREY, style="italic", ha="right"
    )
    axes.set(xlim=(0, 9.2), ylim=(0, 4.3), aspect="equal")
    axes.axis("off")
    return figure


if __name__ == "__main__":
    draw().savefig(HERE / "d3d.jpg", dpi=130, pil_kwargs={"quality": 88})
