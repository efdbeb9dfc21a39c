"""Whose network is fine-tuned."""

import dataclasses

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.experiment.finetuning import with_network_of
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.recipes import OWN_VIDEOS, RECIPES
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin


def test_the_network_is_that_of_the_start(tmp_path):
    """UCF-101 from an I3D: nobody has to say that it is one."""
    theirs = InceptionRecipe(
        model="i3d", depth_multiplier=0.5, head_pooling="global", dropout=0.5
    )
    run = Run(tmp_path / "i3d")
    run.start(
        config.Recipe(name="x", network=theirs),
        ["a"],
        Origin(records=None, flow={}),
    )
    recipe = with_network_of(run, RECIPES["ucf101_split1"])
    assert recipe.network == dataclasses.replace(
        RECIPES["ucf101_split1"].network,
        model="i3d",
        depth_multiplier=0.5,
        head_pooling="global",
    )
    frozen = config.override(RECIPES["ucf101_split1"], ["freeze_to=Mixed_4f"])
    assert with_network_of(run, frozen).finetune.freeze_to == "Mixed_4f"
    frozen = config.override(frozen, ["freeze_to=res4"])
    with pytest.raises(UsageError, match="freeze_to must be .*Mixed_5c; got"):
        with_network_of(run, frozen)
    asked = config.override(OWN_VIDEOS, ["depth_multiplier=0.25"])
    assert with_network_of(run, asked) == asked


def test_sizes_and_frames_of_a_network_of_features(tmp_path):
    """Those of the start, if only its model is named."""
    theirs = NeXtVLADRecipe(clusters=8, weight_decay=0.0)
    of_features = ["task=youtube8m", "model=nextvlad"]
    sampled = ["fewer_frames.way=uniform", "fewer_frames.k=6"]
    start = config.override(OWN_VIDEOS, [*of_features, *sampled])
    run = Run(tmp_path / "start")
    run.start(
        dataclasses.replace(start, network=theirs),
        ["a"],
        Origin(records=None, flow={}),
    )
    recipe = config.override(OWN_VIDEOS, [*of_features, "network.dropout=0.1"])
    found = with_network_of(run, recipe)
    # What is about training is the recipe's.
    assert found.network == NeXtVLADRecipe(
        clusters=8, dropout=0.1, batch_norm_momentum=0.99
    )
    assert found.fewer_frames == start.fewer_frames
    asked = ["clusters=16", "fewer_frames.way=first"]
    recipe = config.override(recipe, asked)
    assert with_network_of(run, recipe) == recipe
