"""Ways into a module, compared on videos."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.hub_export.video_agreement import Sample, compare_ways
from d3d_tf.tasks import task_of
from tests.harness import softmax


def test_each_way_is_compared_with_the_frames_from_records(exported):
    """Lossless frames agree; the frames of another video need not."""
    network, path = exported
    rng = np.random.default_rng(0)
    clips = rng.integers(0, 256, [4, 3, 10, 10, 3], np.uint8)
    clips[1] //= 8  # Dark: another class than the rest, or other scores.
    inside = np.float32(clips[:, :, 1:9, 1:9] / 255)
    pngs = [[tf.io.encode_png(f).numpy() for f in clip] for clip in clips]
    samples = [
        Sample(inside[i], {"same": pngs[i], "next": pngs[(i + 1) % 4]})
        for i in range(4)
    ]
    module, agreement = hub.load(str(path)), task_of("classification").agreement
    found = compare_ways(module, iter(samples), agreement)
    assert found["same"]["n"] == 4 and found["same"]["top1_agreement"] == 1
    assert found["same"]["max_probability_difference"] < 1e-5
    scores = softmax(network(inside * 2 - 1))
    others = np.roll(scores, -1, axis=0)
    same = scores.argmax(-1) == others.argmax(-1)
    assert found["next"]["top1_agreement"] == same.mean()
    assert found["next"]["max_probability_difference"] == pytest.approx(
        np.abs(scores - others).max(), abs=1e-5
    )
    other = dataclasses.replace(
        agreement, name="first", same=lambda a, b: a[0] > b[0]
    )
    found = compare_ways(module, iter(samples), other)
    assert found["next"]["first"] == (others[:, 0] > scores[:, 0]).mean()
