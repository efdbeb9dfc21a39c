"""A video file in, a page and a video of what speaks for its classes out."""

from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import require_local
from d3d_tf.config import ExplainRecipe
from d3d_tf.disk import naming_refusal, require_own_folder
from d3d_tf.experiment.video_clip import network_input, read_clip
from d3d_tf.explain.answer import Explained, explained
from d3d_tf.explain.asked import asked_networks, require_classes
from d3d_tf.explain.drawing import write_overlays
from d3d_tf.explain.page import write_page
from d3d_tf.names import printable
from d3d_tf.roles import STREAM
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.screen import say

PAGE, VIDEO = "explain.html", "explain.mp4"


def explain_video(
    runs: list[Run], settings: ExplainRecipe, path: str, out: str | None
) -> None:
    """Writes `explain.html` and `explain.mp4`, and says where.

    Args:
      runs: whose networks explain themselves; their recipes count.
      settings: which networks and classes, and how.
      path: the video file.
      out: the folder that is written; None: `NAME-explained`.

    Raises:
      UsageError: the folder has something else in it, or there is no such
        endpoint or class.
      UserError: the file cannot be used, or a network is not finished.
    """
    folder = require_local(out or f"{Path(path).stem}-explained", "--out")
    require_own_folder("explain", folder, (PAGE, VIDEO), [path])
    asked = asked_networks(runs, settings)
    clip = read_clip(path, asked[0].recipe, settings.second)
    names = list(settings.classes)
    require_classes(asked, names)
    found: list[Explained] = []
    for one in asked:
        network = load_checkpoint(one.run.folder, one.role)
        seen = network_input(clip, one.recipe, STREAM[one.role], network.pixels)
        if not names:
            best = np.argsort(-network(seen)[0].numpy(), kind="stable")
            names = [one.labels[i] for i in best[: settings.top]]
            require_classes(asked, names)
        found.append(explained(one, network, seen, names, settings))
    with naming_refusal(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_overlays(folder / VIDEO, clip, found, names)
    video = printable(Path(path).name)
    write_page(folder / PAGE, video, clip, found, names, settings)
    _tell(path, found, names)
    say(f"page: {folder / PAGE}")
    say(f"video: {folder / VIDEO}")


def _tell(path: str, found: list[Explained], names: list[str]) -> None:
    for one in found:
        answers = ", ".join(
            f"{name} {100 * probability:.1f} %"
            for name, probability in zip(names, one.probabilities, strict=True)
        )
        say(f"{path}, by {one.asked.title} at {one.asked.endpoint}: {answers}")
