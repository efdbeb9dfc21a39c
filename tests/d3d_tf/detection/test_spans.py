"""Parts around keyframes, by hand."""

import pytest

from d3d_tf.config import ClipRecipe, DataRecipe
from d3d_tf.detection.spans import every_second, span_around


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


@pytest.mark.parametrize(
    "length, frames, stride, seconds",
    [
        # 50 frames at 25 per second: a second before and one after.
        (3.99, 50, 1, [1, 2]),
        (4.0, 50, 1, [1, 2, 3]),
        (2.0, 50, 1, [1]),
        # None fits: the middle.
        (1.98, 50, 1, [0.99]),
        # Before the keyframe 6 frames, 5 apart; after it, with it, 7.
        (3.4, 13, 5, [2]),
        (3.39, 13, 5, [1.695]),
        (0.04, 1, 1, [0]),
    ],
)
def test_every_second(length, frames, stride, seconds):
    clip = ClipRecipe(frames=frames, stride=stride)
    assert every_second(length, clip, 25) == [
        round(1_000_000 * second) for second in seconds
    ]
