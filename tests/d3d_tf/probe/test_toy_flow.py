"""The toy's own flow."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.config import override
from d3d_tf.probe.toy_flow import reader
from d3d_tf.recipes import OWN_VIDEOS, TOY


@pytest.mark.parametrize(
    "id_, direction",
    [("train/right/00000.mp4", (1, 0)), ("same_colours/up/00006.mp4", (0, -1))],
)
def test_a_patch_moves_as_its_class_says(id_, direction):
    flow = reader(TOY, 0)(id_)
    assert flow.shape == (12, 40, 40, 2)
    np.testing.assert_array_equal(flow[-1], flow[-2])
    # One velocity, of 1.8 to 2.8 pixels, within 18 degrees of the class.
    moving = flow[np.abs(flow).max(axis=-1) > 0]
    (velocity,) = np.unique(moving, axis=0)
    speed = np.hypot(*velocity)
    assert 1.8 <= speed <= 2.8
    assert velocity @ direction / speed > np.cos(np.radians(18.1))


@pytest.mark.parametrize(
    "recipe",
    [
        OWN_VIDEOS,
        override(TOY, ["clip.frames=8"]),
        override(TOY, ["clip.size=32"]),
    ],
)
def test_other_videos_and_parts_of_videos_have_none(recipe):
    assert reader(recipe, 0) is None
    assert reader(TOY, None) is None


def test_it_is_of_the_videos_seed_and_not_the_decoders():
    name = "train/right/00000.mp4"
    decoder = dataclasses.replace(TOY, seed=5)
    np.testing.assert_array_equal(
        reader(decoder, 0)(name), reader(TOY, 0)(name)
    )
    assert (reader(TOY, 1)(name) != reader(TOY, 0)(name)).any()
