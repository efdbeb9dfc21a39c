"""What a recipe may say of frames."""

import pytest

from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    "frames, stride, every", [(30, 0, 10), (42, 0, 7), (7, 0, 42), (30, 7, 7)]
)
def test_by_number_or_by_stride(frames, stride, every):
    assert FrameSamplingRecipe(frames=frames, stride=stride).every == every


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"frames": 301}, "frames must be at most 300; got 301"),
        ({"stride": 301}, "stride must be at most 300; got 301"),
        ({"stride": -1}, "stride must be 0 .* or more"),
        ({"way": "some"}, "way must be one of all, uniform"),
    ],
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        FrameSamplingRecipe(**changes)
