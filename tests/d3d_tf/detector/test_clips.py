"""Frames around a keyframe."""

import pytest

from d3d_tf.config import ClipRecipe
from d3d_tf.detector.clips import around


@pytest.mark.parametrize(
    "keyframe, length, expected",
    [
        (10, 50, [6, 8, 10, 12]),
        # At the ends of what is stored its first and last frames stay.
        (1, 50, [0, 0, 1, 3]),
        (49, 50, [45, 47, 49, 49]),
        (0, 1, [0, 0, 0, 0]),
    ],
)
def test_half_of_them_come_before(keyframe, length, expected):
    clip = ClipRecipe(frames=4, stride=2)
    assert around(keyframe, length, clip).numpy().tolist() == expected


def test_an_odd_number_has_the_keyframe_in_its_middle():
    clip = ClipRecipe(frames=5)
    assert around(7, 50, clip).numpy().tolist() == [5, 6, 7, 8, 9]
