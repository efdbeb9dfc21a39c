"""The same keyframes by every way into a detector's module."""

import dataclasses

import numpy as np
import tensorflow as tf

from d3d_tf.data.dataset import open_dataset
from d3d_tf.experiment.agreement_clips import STORED
from d3d_tf.experiment.agreement_keyframes import keyframe_samples
from d3d_tf.recipes import OWN_VIDEOS
from tests.d3d_tf.detector.conftest import SHAPES, SQUARES, keyframes

__all__ = ["keyframes"]

RECIPE = dataclasses.replace(
    OWN_VIDEOS,
    task="detection",
    clip=dataclasses.replace(OWN_VIDEOS.clip, frames=4, size=32),
)


def test_samples(keyframes):
    """At 2 s frame 50 is the third of four; frame k is of grey 4 k."""
    found = list(keyframe_samples(open_dataset(keyframes), RECIPE))
    assert len(found) == 2
    boxes = np.float32([box for box, _ in SQUARES.values()])
    # The short side of both is that of the records.
    assert {sample.frames.shape for sample in found} == {
        (4, *shape, 3) for shape in SHAPES.values()
    }
    for sample in found:
        assert {tuple(b) for b in sample.boxes} == {tuple(b) for b in boxes}
        pictures = [
            tf.io.decode_jpeg(p).numpy() for p in sample.encoded[STORED]
        ]
        np.testing.assert_allclose(
            np.stack(pictures) / 255, sample.frames, atol=1e-6
        )
        corner = 255 * sample.frames[:, 1, 1].mean(-1)
        np.testing.assert_allclose(corner, [192, 196, 200, 204], atol=2)
