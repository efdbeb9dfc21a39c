"""The section about the RPN: what it may be, and when it is there."""

import pytest

from d3d_tf import config
from d3d_tf.config import DetectorRecipe, PersonsRecipe
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"depth": 51}, "persons.depth must be 10, 18.* got 51"),
        ({"decoder": "c5"}, "persons.decoder must be one of fpn, c4; got 'c5'"),
        ({"nms_iou": 0.0}, "persons.nms_iou must be above 0, up to 1; got 0.0"),
        (
            {"anchor_sizes": ()},
            r"persons.anchor_sizes must be one or more; got",
        ),
        (
            {"ratios": (-1.0,)},
            "persons.ratios.0 must be greater than 0; got -1.0",
        ),
        (
            {"side": 100},
            "persons.side must be a multiple of 64, the pixels of the coarsest "
            "feature; got 100",
        ),
        (
            {"side": 100, "decoder": "c4"},
            "persons.side must be a multiple of 16",
        ),
        (
            {"min_level": 4, "max_level": 3},
            r"persons.min_level must be at most persons.max_level \(3\) and 5",
        ),
        (
            {"unmatched_iou": 0.8},
            r"persons.unmatched_iou must be at most persons.match_iou \(0.7\)",
        ),
    ],
)
def test_wrong_values(changes, message):
    with pytest.raises(UsageError, match=message):
        PersonsRecipe(**changes)


def test_levels():
    assert PersonsRecipe().levels == (2, 3, 4, 5, 6)
    assert PersonsRecipe(decoder="c4").levels == (4,)


@pytest.mark.parametrize(
    "boxes, scored, rpn",
    [
        ("both", "proposals", False),
        ("truth", "truth", False),
        ("rpn", "truth", True),
        ("truth", "rpn", True),
    ],
)
def test_where_there_is_an_rpn(boxes, scored, rpn):
    assert DetectorRecipe(boxes=boxes, scored=scored).rpn == rpn


def test_a_frozen_one_comes_from_somewhere():
    frozen = "persons.frozen=true"
    with pytest.raises(UsageError, match="persons.checkpoint must be given"):
        config.override(RECIPES["toy_ava_rpn"], [frozen])
    recipe = config.override(
        RECIPES["toy_ava_rpn"], [frozen, "persons.checkpoint=a/ckpt-1"]
    )
    assert recipe.persons.checkpoint == "a/ckpt-1"
    # Where there is none, it does not matter.
    assert config.override(RECIPES["toy_ava"], [frozen]).persons.frozen


def test_recipes_without_one_are_saved_as_before():
    for name in ("toy", "toy_ava"):
        assert "persons" not in config.to_dict(RECIPES[name])


def test_keys_are_named_in_full():
    with pytest.raises(UsageError, match="'proposals' is unknown"):
        config.override(RECIPES["toy_ava"], ["proposals=3"])
    recipe = config.override(RECIPES["toy_ava"], ["persons.proposals=3"])
    assert recipe.persons == PersonsRecipe(proposals=3)


def test_lists_come_back_from_a_file(tmp_path):
    recipe = config.override(
        RECIPES["toy_ava"], ["persons.anchor_sizes=[2, 4]"]
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(config.to_yaml(recipe))
    assert config.load(path) == recipe
    assert config.load(path).persons.anchor_sizes == (2.0, 4.0)
