"""Inference and training step of TSN and of DNR, against torchvision's ResNet.

`python -m benchmarks.speed_resnet` times a clip of TSN-R50, 8 frames of 224 x
224, all candidates in turn, and the same with DNR, and writes its tables into
docs/networks.md.
"""

import argparse
import sys

import numpy as np

from benchmarks.fill_docs import HERE
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
from d3d_tf.models.resnet.config import ResNetRecipe

FRAMES, SIZE = 8, 224
TORCHVISION = HERE.parent / "build" / "torchvision"
# DNR by groups of so many frames: the supplement's and the released code's.
GROUPS = (4, 2)


def original():
    """torchvision's ResNet-50 of frames, and the mean over them: TSN."""
    sys.path.append(str(TORCHVISION))
    import torch

    # Operators that it does not have, and this PyTorch may not load.
    for name in ("nms", "qnms"):
        schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define(f"torchvision::{name}", schema)
    from torchvision.models import resnet50

    class TSN(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.frames = resnet50(num_classes=CLASSES)

        def forward(self, frames):
            return self.frames(frames).mean(0, keepdim=True)

    return TSN()


def made(rng, **settings):
    """TSN-R50 with norms of which folding says something."""
    network = make_network(ResNetRecipe(**settings), CLASSES, "frames")
    randomise_norms(network, rng)
    return network


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes the results where the docs show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    clip = rng.standard_normal([1, FRAMES, SIZE, SIZE, 3]).astype(np.float32)
    network = made(rng)
    work = measure_cost(network, clip.shape[1:]).multiply_adds
    ours = tensorflow_cases(network, clip)
    for size in GROUPS:
        dynamic = made(rng, normaliser="dnr", frames_per_group=size)
        for task, calls in tensorflow_cases(dynamic, clip).items():
            # Folded where there are two of them.
            call = next(iter(calls.values()))
            ours[task][f"d3d_tf, DNR by {size} frames"] = call
    theirs = torch_cases(clip, original, 1e-4, by_frames=True)
    rows = timed(ours, theirs, FRAMES, work, given.rounds)
    publish_rows("speed resnet", rows)


if __name__ == "__main__":
    main()
