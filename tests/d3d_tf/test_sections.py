"""Ranges, choices and combinations: what is impossible cannot be made."""

import dataclasses
import pickle

import pytest

from d3d_tf import config
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models import FAMILIES
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.recipes import RECIPES

PAPER = Recipe(name="paper")


def test_a_part_checks_itself_when_it_is_made_or_changed():
    with pytest.raises(UsageError) as caught:
        InceptionRecipe(dropout=2.0, model="s3dgg")
    assert str(caught.value) == (
        f"network.model must be one of {', '.join(FAMILIES)}; got 's3dgg'. "
        "network.dropout must be in [0, 1); got 2.0."
    )
    with pytest.raises(UsageError) as caught:
        dataclasses.replace(PAPER.flow, backend="opencv", algorithm="dis")
    assert str(caught.value) == (
        "flow.backend must be left alone with flow.algorithm=dis; got 'opencv'."
    )
    with pytest.raises(UsageError, match="clip.size must be at most"):
        dataclasses.replace(PAPER, clip=config.ClipRecipe(size=320))
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER.seed = 3  # type: ignore[misc]


def test_a_whole_number_is_taken_for_a_fraction():
    """Also by a constructor: 10 and 10.0 have different digests."""
    assert repr(config.DataRecipe(frame_rate=10).frame_rate) == "10.0"


def test_a_recipe_travels_to_other_processes():
    for recipe in RECIPES.values():
        assert pickle.loads(pickle.dumps(recipe)) == recipe
