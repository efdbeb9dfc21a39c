"""What a network may be."""

import pytest

from d3d_tf.config import NetworkRecipe
from d3d_tf.errors import UsageError
from d3d_tf.models import FAMILIES


def test_models_are_those_of_the_table():
    for name in FAMILIES:
        assert NetworkRecipe(model=name).model == name


@pytest.mark.parametrize(
    "given, words",
    [
        ({"model": "c3d"}, "model must be one of s3dg, s3d, i3d"),
        ({"first_temporal_kernel": 2}, "first_temporal_kernel must be"),
        ({"depth_multiplier": 0.0}, "depth_multiplier must be above 0"),
        ({"dropout": 1.0}, "dropout must be"),
        (
            {"final_endpoint": "Mixed_6a"},
            "final_endpoint must be one of Conv2d",
        ),
        ({"min_depth": 1.5}, "min_depth must be"),
    ],
)
def test_what_it_may_not_be(given, words):
    with pytest.raises(UsageError, match=words):
        NetworkRecipe(**given)
