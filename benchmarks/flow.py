"""TV-L1 at the toy's settings and at OpenCV's defaults, against exact flow."""

import time

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.recipes import TOY
from d3d_tf.tfrecords.flow import tvl1_flow
from d3d_tf.tfrecords.toy import make_clip

CLIPS = 16


def main() -> None:
    """Prints milliseconds per pair and endpoint error on the moving patch."""
    assert TOY.toy is not None
    clips = [
        make_clip(
            0,
            "train",
            index,
            size=TOY.toy.size,
            num_frames=TOY.toy.num_frames,
        )
        for index in range(CLIPS)
    ]
    pairs = CLIPS * (TOY.toy.num_frames - 1)
    for name, recipe in {"OpenCV": FlowRecipe(), "toy": TOY.flow}.items():
        begin = time.perf_counter()
        flows = [tvl1_flow(clip.frames, recipe) for clip in clips]
        spent = time.perf_counter() - begin
        errors = []
        for clip, flow in zip(clips, flows, strict=True):
            moving = np.abs(clip.flow).sum(axis=-1) > 0
            error = np.linalg.norm(flow - clip.flow, axis=-1)
            errors.append(error[moving].mean())
        print(
            f"TV-L1, {name:>6}: {1000 * spent / pairs:5.1f} ms per pair of "
            f"{TOY.toy.size} x {TOY.toy.size}, one core; endpoint error on the "
            f"patch {np.mean(errors):.3f} px"
        )


if __name__ == "__main__":
    main()
