"""The section about detectors: what it may be."""

import pytest

from d3d_tf import config
from d3d_tf.config import DetectorRecipe
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("pooling", "sum", "detector.pooling must be one of mean, max; got"),
        (
            "boxes",
            "all",
            "detector.boxes must be one of truth, proposals, both",
        ),
        ("rois", 0, "detector.rois must be above 0; got 0"),
        ("jitter", 2.0, "detector.jitter must be 0 to 1; got 2.0"),
    ],
)
def test_wrong_values(field, value, message):
    with pytest.raises(UsageError, match=message):
        DetectorRecipe(**{field: value})


def test_keys_are_named_in_full():
    """`dropout` is still that of the network."""
    recipe = config.override(RECIPES["toy"], ["dropout=0.1"])
    assert recipe.network.dropout == 0.1
    assert recipe.detector == DetectorRecipe()
    with pytest.raises(UsageError, match="'rois' is unknown"):
        config.override(RECIPES["toy"], ["rois=3"])
    recipe = config.override(RECIPES["toy_ava"], ["detector.rois=3"])
    assert recipe.detector.rois == 3


def test_recipes_without_one_are_saved_as_before():
    assert "detector" not in config.to_dict(RECIPES["toy"])
