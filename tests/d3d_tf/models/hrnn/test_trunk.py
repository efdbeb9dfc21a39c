"""Lengths; all of the numbers are in test_parity.py."""

import numpy as np

from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.hrnn.trunk import HRNNTrunk
from tests.harness import randomize


def trunk() -> HRNNTrunk:
    layer = HRNNTrunk(HRNNRecipe(cells=2, chunk_frames=3))
    layer(np.ones([1, 3, 4], np.float32))
    randomize(layer)
    return layer


def test_no_frame_is_a_state_of_zeros():
    clip = np.random.default_rng(0).normal(size=[1, 6, 4])
    found = trunk()((np.float32(clip), np.int32([0])))
    assert not found["state"].numpy().any()
    assert not found["chunks"].numpy().any()


def test_a_chunk_that_has_begun_counts():
    """Four frames in chunks of three: two steps above, not one nor three."""
    layer = trunk()
    clip = np.random.default_rng(0).normal(size=[1, 9, 4]).astype(np.float32)
    found = layer((clip, np.int32([4])))
    assert found["chunks"].shape == [1, 3, 8]
    assert found["chunks"].numpy()[0, 1].any()
    assert not found["chunks"].numpy()[0, 2].any()
    short = layer(clip[:, :4])
    np.testing.assert_allclose(found["state"], short["state"], rtol=1e-6)
    one = layer((clip, np.int32([3])))["state"]
    assert np.abs(one - short["state"]).max() > 1e-3


def test_only_the_direction_of_a_frame_counts():
    layer = trunk()
    clip = np.random.default_rng(0).normal(size=[1, 3, 4]).astype(np.float32)
    longer = clip * np.float32([1, 2, 30])[:, None]
    one, other = layer(clip), layer(longer)
    np.testing.assert_allclose(one["state"], other["state"], rtol=1e-5)
    assert layer.channels == 4
