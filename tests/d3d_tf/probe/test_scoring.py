"""Errors of a split, from records whose flow is known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import open_dataset
from d3d_tf.probe.scoring import score_probe
from d3d_tf.training.scoring import Shown
from tests.harness.records import Video, flow_codes, write_records

# Pixels per frame of three videos; the saturation of 20 holds them exactly.
SPEEDS = (0.0, 5.0, 10.0)


@pytest.fixture
def dataset(tmp_path):
    videos = [
        Video(
            id=f"v{i}",
            label=0,
            frames=np.full([4, 16, 16, 3], 60 * i, np.uint8),
            codes=flow_codes(np.broadcast_to([speed, 0.0], [4, 16, 16, 2])),
            split="test",
        )
        for i, speed in enumerate(SPEEDS)
    ]
    return open_dataset(write_records(tmp_path / "records", videos))


def answers(u: float, size: int):
    """A probe that always sees motion of `u` pixels to the right."""

    def probe(clip, training):
        shape = [tf.shape(clip)[0], 2, size, size, 1]
        polar = [abs(u), 0.0, np.sign(u)]
        return tf.concat([tf.fill(shape, float(x)) for x in polar], axis=-1)

    probe.time_stride = 2
    return probe


def score(probe, dataset, **options):
    shown = Shown(ClipRecipe(frames=4, size=16), "frames", 2)
    return score_probe(probe, dataset, "test", shown, title="", **options)


@pytest.mark.parametrize("size", [2, 4, 1])
def test_distance_by_video_whatever_the_endpoints_size(dataset, size):
    found = score(answers(4.0, size), dataset)
    assert found.ids.tolist() == ["v0", "v1", "v2"]
    # A code is 20 / 127 pixels: the nearest is half of it off.
    np.testing.assert_allclose(found.epe, [4, 1, 6], atol=0.08)
    np.testing.assert_allclose(found.zeros, SPEEDS, atol=0.08)
    assert np.isnan(found.exact).all()
    assert found.frame == 2  # The second of two, at a stride of 2.
    np.testing.assert_allclose(
        found.shown, np.broadcast_to([4.0, 0.0], [3, 2, 2, 2]), atol=1e-6
    )


def test_distance_from_the_exact_flow(dataset):
    def exact(id_):
        return np.full([4, 16, 16, 2], [7.0, 0.0], np.float32)

    found = score(answers(4.0, 2), dataset, exact=exact)
    np.testing.assert_allclose(found.exact, [3, 3, 3], atol=1e-6)
    np.testing.assert_allclose(found.epe, [4, 1, 6], atol=0.08)
