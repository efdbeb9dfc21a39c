"""What a network of this family may be."""

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import MODEL, LearnedFlowRecipe
from d3d_tf.recipes import TOY


def test_the_papers_choice():
    """D3D, section 5.2: the decoder is on layer 3A."""
    recipe = LearnedFlowRecipe()
    assert recipe.model == "s3dg_learned_flow"
    assert recipe.flow_endpoint == "MaxPool_3a_3x3"
    assert recipe.s3dg == InceptionRecipe()
    assert recipe.endpoints == InceptionRecipe().endpoints


def test_both_have_the_fields_of_one():
    fields = {"dropout": 0.3, "min_depth": 5, "pixel_mean": (0.4, 0.5, 0.6)}
    recipe = LearnedFlowRecipe(**fields, recompute=True)
    assert recipe.s3dg == InceptionRecipe(**fields, recompute=True)


def test_fields_stay_where_the_model_is_set():
    recipe = config.override(
        TOY, [f"model={MODEL}", "network.flow_endpoint=Conv2d_2c_3x3"]
    )
    assert type(recipe.network) is LearnedFlowRecipe
    assert recipe.network.flow_endpoint == "Conv2d_2c_3x3"
    assert recipe.network.s3dg == TOY.network
    back = config.override(recipe, ["model=s3dg"])
    assert back == TOY


@pytest.mark.parametrize(
    "given, words",
    [
        ({"model": "s3dg"}, "model must be one of s3dg_learned_flow; got"),
        ({"flow_endpoint": "3a"}, "flow_endpoint must be one of Conv2d_1a"),
        (
            {"final_endpoint": "Conv2d_2b_1x1"},
            "one of Conv2d_1a_7x7, MaxPool_2a_3x3, Conv2d_2b_1x1, up to "
            "network.final_endpoint; got 'MaxPool_3a_3x3'",
        ),
        ({"dropout": 1.0}, "network.dropout must be in"),
    ],
)
def test_what_it_may_not_be(given, words):
    with pytest.raises(UsageError, match=words):
        LearnedFlowRecipe(**given)


@pytest.mark.parametrize(
    "setting, words",
    [
        ("network.flow_endpoint=3a", "network.flow_endpoint must be one of"),
        ("dropout=1", "network.dropout must be in"),
    ],
)
def test_a_wrong_setting_is_named_once(setting, words):
    with pytest.raises(UsageError, match=words):
        config.override(TOY, [f"model={MODEL}", setting])
