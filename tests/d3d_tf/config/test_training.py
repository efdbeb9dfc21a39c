"""What a training and a distillation may be."""

import pytest

from d3d_tf.config import DistillRecipe, TermRecipe, TrainRecipe, anywhere
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    "cls, given, words",
    [
        (TrainRecipe, {"steps": 0}, "steps must be"),
        (TrainRecipe, {"optimizer": "lion"}, "optimizer must be one of"),
        (TrainRecipe, {"rate_falls_at": (0.5,)}, "left out with .*cosine"),
        (
            TrainRecipe,
            {"schedule": "steps", "rate_falls_at": (0.9, 0.5)},
            "shares that rise",
        ),
        (
            TrainRecipe,
            {"schedule": "steps", "rate_falls_at": (1.0,)},
            "must be less than 1",
        ),
        (
            TrainRecipe,
            {"optimizer": "adam", "groups": "tsm"},
            "one with train.optimizer=adam",
        ),
        (DistillRecipe, {"weight": -1.0}, "weight must be"),
        (TermRecipe, {"loss": "kl"}, "loss must be"),
    ],
)
def test_what_they_may_not_be(cls, given, words):
    with pytest.raises(UsageError, match=words):
        cls(**given)


def test_where_a_training_is_computed_changes_no_result():
    changed = TrainRecipe(strategy="slurm", steps_per_execution=9, steps=3)
    assert anywhere(changed) == TrainRecipe(steps=3)
