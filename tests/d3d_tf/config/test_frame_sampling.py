"""What a recipe may say of frames."""

import pytest

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    "k, apart, every", [(30, 0, 10), (42, 0, 7), (7, 0, 42), (30, 7, 7)]
)
def test_by_number_or_by_stride(k, apart, every):
    assert FrameSamplingRecipe(k=k, apart=apart).every == every


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"k": 301}, "k must be at most 300; got 301"),
        ({"apart": 301}, "apart must be at most 300; got 301"),
        ({"apart": -1}, "apart must be 0 .* or more"),
        ({"way": "some"}, "way must be one of all, uniform"),
    ],
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        FrameSamplingRecipe(**changes)


@pytest.mark.parametrize(
    "way, k, seen",
    # 300 // 42 is 7, and every 7th of 300 frames are 43.
    [
        ("all", 30, 300),
        ("uniform", 30, 30),
        ("uniform", 42, 43),
        ("last", 7, 7),
    ],
)
def test_how_many_are_seen(way, k, seen):
    assert FrameSamplingRecipe(way=way, k=k).seen == seen
