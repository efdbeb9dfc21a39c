"""Inference and training step of X3D, against PyTorchVideo in the same run.

`python -m benchmarks.speed_x3d` times a clip of X3D-S, 13 frames of 160 x 160,
all candidates in turn, and writes its table into docs/networks.md.
"""

import argparse
import sys
import types

import numpy as np

from benchmarks.runtimes import randomise_norms
from benchmarks.speed import (
    CLASSES,
    publish_rows,
    tensorflow_cases,
    timed,
    torch_cases,
)
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.models.x3d.config import X3DRecipe

FRAMES, SIZE = 13, 160


def original():
    """PyTorchVideo's X3D-S."""
    # Its head imports an operator for detection, which X3D does not use.
    operators = types.ModuleType("torchvision.ops")
    operators.RoIAlign = None
    sys.modules.setdefault("torchvision", types.ModuleType("torchvision"))
    sys.modules.setdefault("torchvision.ops", operators)
    from pytorchvideo.models.x3d import create_x3d

    return create_x3d(
        input_clip_length=FRAMES,
        input_crop_size=SIZE,
        model_num_class=CLASSES,
        depth_factor=2.2,
        head_activation=None,
    )


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    clip = rng.standard_normal([1, FRAMES, SIZE, SIZE, 3]).astype(np.float32)
    network = make_network(X3DRecipe(), CLASSES, "frames")
    randomise_norms(network, rng)
    work = measure_cost(network, clip.shape[1:]).multiply_adds
    ours = tensorflow_cases(network, clip)
    theirs = torch_cases(clip, original, 5e-5)
    rows = timed(ours, theirs, FRAMES, work, given.rounds)
    publish_rows("speed x3d", rows)


if __name__ == "__main__":
    main()
