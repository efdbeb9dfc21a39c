"""Sizes as recipes."""

import pytest

from d3d_tf import config
from d3d_tf.errors import UsageError
from d3d_tf.expand.candidates import first_size, recipe_of
from d3d_tf.models.x3d.expansion import Size
from d3d_tf.recipes import RECIPES

RECIPE = RECIPES["x3d_expansion_kinetics400"]
SMALL = Size(13, 5.54, 160, 2.0, 2.2, 2.25)


def test_the_first_is_the_recipe_s():
    assert first_size(RECIPE) == Size(1, 48, 112, 2, 1, 1)


@pytest.mark.parametrize(
    "settings, message",
    [
        (["model=s3dg"], "grows an X3D; network.model is s3dg"),
        (["sampling=segments", "stride=1"], "needs clip.sampling=dense"),
        (["channelwise=false"], "set network.channelwise and network.squeeze"),
    ],
)
def test_what_cannot_grow(settings, message):
    with pytest.raises(UsageError, match=message):
        first_size(config.override(RECIPE, settings))


def test_network_and_clip():
    """Short sides in proportion: 127 and 160 of 112 are 181 and 229 of 160."""
    recipe = recipe_of(RECIPE, SMALL, 8)
    assert (recipe.clip.frames, recipe.clip.stride) == (13, 6)
    assert recipe.clip.short_sides == (181, 229)
    assert recipe.evaluation.scaled_short_side == 181
    network = recipe.network
    assert network.expansion == (2.0, 2.2, 2.25, 13, 160)
    assert recipe.train.stream == "rgb"


@pytest.mark.parametrize(
    "step, batch, clips, steps, warmup, rate, dropped",
    [
        # The paper: twice the batch up to step 8, half the epochs.
        (7, 2048, 16, 15_000, 2000, 3.2, 0.0),
        (8, 1024, 8, 60_000, 8000, 1.6, 0.0),
        (11, 1024, 8, 60_000, 8000, 1.6, 0.1),
    ],
)
def test_the_schedule(step, batch, clips, steps, warmup, rate, dropped):
    recipe = recipe_of(RECIPE, SMALL, step)
    train, network = recipe.train, recipe.network
    assert (train.batch_size, train.steps) == (batch, steps)
    assert (train.warmup_steps, train.learning_rate) == (warmup, rate)
    assert (network.batch_norm_clips, network.drop_connect) == (clips, dropped)


def test_clips_larger_than_the_videos():
    with pytest.raises(UsageError, match="at most data.short_side"):
        recipe_of(RECIPE, SMALL._replace(size=448), 1)
