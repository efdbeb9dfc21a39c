"""`--mode=flow`: the optical flow of one video file."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import write_array
from d3d_tf.config import FlowRecipe, Recipe
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import OWN_VIDEOS
from d3d_tf.screen import say

SHORT_SIDE = 256
# Frames: UCF-101's paper counts 2.5 M, HMDB-51 about 0.63 M; Kinetics-400 has
# some 240,000 training clips of 10 s, at 25 frames per second.
DATA_SETS = {
    "HMDB-51": 630_000,
    "UCF-101": 2_500_000,
    "Kinetics-400": 60_000_000,
}


def run(
    *,
    data: str | None = None,
    out: str | None = None,
    settings: Sequence[str] = (),
    threads: int | None = None,
) -> None:
    """Writes flow, float32 `[pairs, height, width, 2]`, in pixels per frame.

    Args:
      data: a video file; with `algorithm=imported` the flow that another tool
        made of it, an array or a folder of pictures.
      out: an `.npy` file.
      settings: `key=value`, of the recipe's section `flow`, and
        `data.short_side` (default: 256 pixels).
      threads: that compute it; None: one for each core.

    Raises:
      UsageError: flags that do not go together.
      UserError: the file cannot be used.
    """
    if not (data and out):
        raise UsageError("--mode=flow needs --data=VIDEO and --out=FILE.npy.")
    if Path(out).suffix != ".npy":
        raise UsageError(f"--out must end in .npy; got {out}.")
    recipe = _recipe(settings)
    if recipe.flow.algorithm == "imported":
        _import(data, out, recipe.flow)
    else:
        _compute(data, out, recipe, threads or len(os.sched_getaffinity(0)))


def _recipe(settings: Sequence[str]) -> Recipe:
    start = dataclasses.replace(
        OWN_VIDEOS,
        data=dataclasses.replace(OWN_VIDEOS.data, short_side=SHORT_SIDE),
    )
    recipe = config.override(start, list(settings))
    others = [
        key
        for key, *_ in config.differences(
            config.to_dict(start), config.to_dict(recipe)
        )
        if not key.startswith("flow.") and key != "data.short_side"
    ]
    if others:
        raise UsageError(
            f"{', '.join(others)} has no effect with --mode=flow; --set takes "
            "data.short_side and what begins with flow. there."
        )
    if recipe.data.short_side < 16:
        raise UsageError(
            "data.short_side must be at least 16 with --mode=flow; got "
            f"{recipe.data.short_side}."
        )
    return recipe


def _compute(video: str, out: str, recipe: Recipe, threads: int) -> None:
    from d3d_tf.tfrecords.flow.whole_video import flow_of_video
    from d3d_tf.video.reading import UnreadableVideo

    flow = recipe.flow
    try:
        done = flow_of_video(
            video,
            out,
            flow,
            short_side=recipe.data.short_side,
            threads=threads,
        )
    except UnreadableVideo as error:
        raise UserError(f"{video} cannot be used: {error}.") from error
    say(
        f"{out}: [{done.pairs}, {done.height}, {done.width}, 2]; "
        f"{100 * done.clipped:.2g} % of the vectors are beyond "
        f"{flow.saturation:g} px and would be clipped in records"
    )
    if done.pairs:
        rate = done.pairs / done.seconds
        say(
            f"{rate:.1f} pairs per second ({flow.algorithm}, "
            f"{flow.backend}, {threads} threads); at this rate "
            + ", ".join(
                f"{name} takes {frames / rate / 3600:,.0f} h"
                for name, frames in DATA_SETS.items()
            )
        )


def _import(source: str, out: str, recipe: FlowRecipe) -> None:
    import numpy as np

    from d3d_tf.tfrecords.flow.codecs import import_flow

    flow = import_flow(source, recipe.imported_codec, recipe.imported_bound)
    write_array(out, flow)
    say(
        f"{out}: {list(flow.shape)}, from {recipe.imported_codec}; mean "
        f"magnitude {np.linalg.norm(flow, axis=-1).mean():.2f} px"
    )
