"""Parts around keyframes, by hand."""

import pytest

from d3d_tf.config import DataRecipe
from d3d_tf.detection.spans import span_around


@pytest.mark.parametrize(
    "seconds, start, end, index",
    [
        # 2 s at 25 per second are 50 frames, 25 of them before the keyframe.
        (10, 9, 11, 25),
        (1, 0, 2, 25),
        # Frame 10 of the file.
        (0.4, 0, 2, 10),
        (0, 0, 2, 0),
        # Between frames 10 and 11.
        (0.43, 0.03, 2.03, 10),
    ],
)
def test_two_seconds(seconds, start, end, index):
    span = span_around(seconds, DataRecipe(frame_rate=25, max_seconds=2))
    assert span == pytest.approx((start, end, index))
