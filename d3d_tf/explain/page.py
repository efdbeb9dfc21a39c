"""The page: the same frames and classes, network below network."""

from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import write_atomically
from d3d_tf.config import ExplainRecipe, digest
from d3d_tf.experiment.video_clip import VideoClip
from d3d_tf.explain.answer import Explained
from d3d_tf.explain.drawing import overlaid, shown_frames
from d3d_tf.explain.gradcam import EPSILON
from d3d_tf.report.page import render
from d3d_tf.report.pictures import still_picture

SHOWN = 8  # Frames of a strip.
WIDTH = 128  # Of each, in pixels.


def write_page(
    path: Path,
    video: str,
    clip: VideoClip,
    found: list[Explained],
    names: list[str],
    settings: ExplainRecipe,
) -> None:
    """Writes the page.

    Args:
      path: of the page.
      video: its name.
      clip: the frames.
      found: the networks.
      names: of the classes.
      settings: how maps were made.
    """
    frames = shown_frames(clip)
    # As even as can be, from the first to the last.
    count = min(SHOWN, len(frames))
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)

    def strip(pixels: np.ndarray) -> str:
        picture = np.concatenate(list(pixels[places]), axis=1)
        return still_picture(picture, count * WIDTH, "webp")

    page = render(
        "explain.html",
        video=video,
        networks=[_identity(one) for one in found],
        settings=settings,
        epsilon=EPSILON if settings.method == "gradcampp" else None,
        times=[f"{clip.times[place]:.2f} s" for place in places],
        frames=strip(frames),
        classes=[
            {
                "name": name,
                "rows": [
                    {
                        "title": one.asked.title,
                        "probability": one.probabilities[number],
                        "silent": not one.maps[number].any(),
                        "picture": strip(overlaid(frames, one.maps[number])),
                    }
                    for one in found
                ],
            }
            for number, name in enumerate(names)
        ],
        width=count * WIDTH,
    )
    write_atomically(path, page)


def _identity(one: Explained) -> dict[str, str]:
    """What tells a network from others, for people."""
    recipe = one.asked.recipe
    return {
        "title": one.asked.title,
        "run": str(one.asked.run.folder),
        "model": recipe.network_of(one.asked.role).model,
        "recipe_hash": digest(recipe),
        "weights": one.weights,
        "endpoint": one.asked.endpoint,
        "grid": " x ".join(map(str, one.grid)),
    }
