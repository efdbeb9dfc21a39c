"""`python -m d3d_tf.tfrecords.flow VIDEO --out=FILE.npy`."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.errors import UserError
from d3d_tf.screen import say

# Frames: UCF-101's paper counts 2.5 M, HMDB-51 about 0.63 M; Kinetics-400 has
# some 240,000 training clips of 10 s, at 25 frames per second.
DATA_SETS = {
    "HMDB-51": 630_000,
    "UCF-101": 2_500_000,
    "Kinetics-400": 60_000_000,
}


def main() -> int:
    """Computes or imports the flow of one video; returns the exit code."""
    arguments = _parse()
    try:
        if arguments.codec:
            return _import(arguments)
        return _compute(arguments)
    except (UserError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m d3d_tf.tfrecords.flow",
        description="Optical flow of one video: float32 [pairs, height, width, "
        "2], pixels per frame.",
    )
    parser.add_argument(
        "video", type=Path, help="a video; with --codec the flow of a tool"
    )
    parser.add_argument("--out", type=Path, required=True, help="an .npy file")
    parser.add_argument("--short_side", type=int, default=256)
    parser.add_argument(
        "--algorithm", default="tvl1", choices=("tvl1", "dis", "farneback")
    )
    parser.add_argument(
        "--backend", default="cpu", choices=("cpu", "opencv", "tensorflow")
    )
    parser.add_argument(
        "--threads", type=int, default=len(os.sched_getaffinity(0))
    )
    parser.add_argument(
        "--codec",
        help="import another tool's flow: d3d_tf, denseflow, dense_flow, "
        "mmaction2, mars, i3d or pixels",
    )
    parser.add_argument(
        "--bound", type=float, default=20.0, help="that the tool clipped at, px"
    )
    arguments = parser.parse_args()
    if arguments.out.suffix != ".npy":
        parser.error(f"--out must end in .npy; got {arguments.out}")
    if arguments.short_side < 16:
        parser.error(f"--short_side is at least 16; got {arguments.short_side}")
    if arguments.threads < 1:
        parser.error(f"--threads is at least 1; got {arguments.threads}")
    return arguments


def _compute(arguments: argparse.Namespace) -> int:
    from d3d_tf.tfrecords.flow.whole_video import flow_of_video
    from d3d_tf.video.reading import UnreadableVideo

    recipe = FlowRecipe(
        algorithm=arguments.algorithm, backend=arguments.backend
    )
    try:
        done = flow_of_video(
            arguments.video,
            arguments.out,
            recipe,
            short_side=arguments.short_side,
            threads=arguments.threads,
        )
    except UnreadableVideo as error:
        raise UserError(
            f"{arguments.video} cannot be used: {error}."
        ) from error
    say(
        f"{arguments.out}: [{done.pairs}, {done.height}, {done.width}, 2]; "
        f"{100 * done.clipped:.2g} % of the vectors are beyond "
        f"{recipe.saturation:g} px and would be clipped in records"
    )
    if done.pairs:
        rate = done.pairs / done.seconds
        say(
            f"{rate:.1f} pairs per second ({recipe.algorithm}, "
            f"{recipe.backend}, {arguments.threads} threads); at this rate "
            + ", ".join(
                f"{name} takes {frames / rate / 3600:,.0f} h"
                for name, frames in DATA_SETS.items()
            )
        )
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from d3d_tf.tfrecords.flow.codecs import import_flow

    flow = import_flow(arguments.video, arguments.codec, arguments.bound)
    np.save(arguments.out, flow)
    say(
        f"{arguments.out}: {list(flow.shape)}, from {arguments.codec}; mean "
        f"magnitude {np.linalg.norm(flow, axis=-1).mean():.2f} px"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
