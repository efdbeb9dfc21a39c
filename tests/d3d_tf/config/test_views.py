"""What a clip may be, and what an evaluation shows."""

import pytest

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.errors import UsageError


def test_the_frames_that_a_clip_spans():
    """The first, and 3 more that are 5 apart; or all 4 times 5."""
    assert ClipRecipe(frames=4, stride=5).span == 16
    assert ClipRecipe(frames=4).span == 4
    assert ClipRecipe(frames=4, stride=5).drawn_span == 16
    assert ClipRecipe(frames=4, stride=5, whole_strides=True).drawn_span == 20


@pytest.mark.parametrize(
    "cls, given, words",
    [
        (ClipRecipe, {"stride": 0}, "stride must be"),
        (ClipRecipe, {"sampling": "random"}, "sampling must be one of dense"),
        (ClipRecipe, {"crop": "ten"}, "one of random, corners, quarters"),
        (EvaluationRecipe, {"spacing": "random"}, "sample_frames, dense_"),
        (EvaluationRecipe, {"past_the_end": "stop"}, "one of loop, repeat"),
    ],
)
def test_what_they_may_not_be(cls, given, words):
    with pytest.raises(UsageError, match=words):
        cls(**given)


def test_what_a_short_video_does():
    clip = ClipRecipe()
    for views, words in (
        (EvaluationRecipe(), "begin again at their end"),
        (EvaluationRecipe(past_the_end="repeat"), "repeat their end"),
        (EvaluationRecipe(spacing="middles"), "repeat their end"),
    ):
        assert clip.when_shorter(views.repeats) == words
