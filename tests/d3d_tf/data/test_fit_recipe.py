"""A recipe meets records; dataset.json is written here by hand."""

from pathlib import Path

import pytest

from d3d_tf import config
from d3d_tf.config import DataRecipe, FlowRecipe, to_dict
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.fit_recipe import fit_recipe
from d3d_tf.errors import UsageError
from d3d_tf.recipes import OWN_VIDEOS, RECIPES
from d3d_tf.streams import FEATURES


def records(**data) -> Dataset:
    """Records of pictures with 34 on the short side, 6 frames or more."""
    sections = {
        "data": to_dict(DataRecipe(short_side=34, **data)),
        "flow": to_dict(FlowRecipe()),
    }
    return Dataset(Path("r"), {"recipe": sections, "frames": {"min": 6}})


def test_clips_fit_the_records():
    """7/8 of 34 is 29.75, and 16 the next multiple of 16 below."""
    fitted = fit_recipe(OWN_VIDEOS, records())
    assert (fitted.clip.frames, fitted.clip.size) == (6, 16)
    assert fitted.data.short_side == 34


def test_a_clip_of_every_fourth_frame_fits_too():
    """Frames 0 and 4 of 6."""
    recipe = config.override(OWN_VIDEOS, ["stride=4"])
    assert fit_recipe(recipe, records()).clip.frames == 2


def test_input_workers_stay():
    recipe = config.override(OWN_VIDEOS, ["service=grpc://head:5050"])
    assert fit_recipe(recipe, records()).data.service == "grpc://head:5050"


def test_a_recipe_of_a_split_means_that_split():
    """Records of split 2 are not those of ucf101_split1."""
    second = records(layout="ucf101", split=2)
    small = ["clip.size=16", "clip.frames=4"]
    with pytest.raises(UsageError, match="data.split is 2 there, 1 here"):
        fit_recipe(config.override(RECIPES["ucf101_split1"], small), second)
    recipe = config.override(RECIPES["ucf101_split2"], small)
    assert fit_recipe(recipe, second).data.split == 2


def features(**features) -> Dataset:
    return Dataset(Path("r"), {"features": features})


def test_networks_are_as_wide_as_the_features():
    """Teacher and student; data sets of before say nothing, and are the
    release's."""
    settings = ["task=youtube8m", "model=hrnn", "teacher.cells=8"]
    recipe = config.override(OWN_VIDEOS, settings)
    assert fit_recipe(recipe, features()) == recipe
    assert fit_recipe(recipe, features(widths=FEATURES)) == recipe
    narrow = {"rgb": 64, "audio": 0}
    fitted = fit_recipe(recipe, features(widths=narrow))
    assert fitted.network.widths == fitted.teacher.widths == narrow
    assert fit_recipe(fitted, features(widths=narrow)) == fitted
    with pytest.raises(UsageError, match="network.rgb_features and .* follow"):
        fit_recipe(fitted, features())
