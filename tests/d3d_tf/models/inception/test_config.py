"""What a network of this family may be."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe


@pytest.mark.parametrize("model", ["s3dg", "s3d", "i3d", "s3dg_nonlocal"])
def test_its_models(model):
    assert InceptionRecipe(model=model).model == model


def test_its_endpoints():
    recipe = InceptionRecipe(final_endpoint="Conv2d_2b_1x1")
    assert recipe.endpoints == (
        "Conv2d_1a_7x7",
        "MaxPool_2a_3x3",
        "Conv2d_2b_1x1",
    )
    assert len(InceptionRecipe().endpoints) == 16


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
        InceptionRecipe(**given)
