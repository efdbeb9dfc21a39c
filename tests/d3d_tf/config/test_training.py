"""What a clip, a training and a distillation may be."""

import pytest

from d3d_tf.config import ClipRecipe, DistillRecipe, TermRecipe, TrainRecipe
from d3d_tf.errors import UsageError


def test_the_frames_that_a_clip_spans():
    """The first, and 3 more that are 5 apart."""
    assert ClipRecipe(frames=4, stride=5).span == 16
    assert ClipRecipe(frames=4).span == 4


@pytest.mark.parametrize(
    "cls, given, words",
    [
        (ClipRecipe, {"stride": 0}, "stride must be"),
        (ClipRecipe, {"sampling": "random"}, "sampling must be one of dense"),
        (TrainRecipe, {"steps": 0}, "steps must be"),
        (TrainRecipe, {"optimizer": "lion"}, "optimizer must be one of"),
        (DistillRecipe, {"weight": -1.0}, "weight must be"),
        (TermRecipe, {"loss": "kl"}, "loss must be"),
    ],
)
def test_what_they_may_not_be(cls, given, words):
    with pytest.raises(UsageError, match=words):
        cls(**given)
