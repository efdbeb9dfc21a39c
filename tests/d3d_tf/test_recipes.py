"""Every named experiment can be run, saved and read back."""

import pytest

from d3d_tf import config
from d3d_tf.recipes import RECIPES


def test_the_defaults_of_the_command_line_exist():
    assert RECIPES["toy"].toy is not None
    assert RECIPES["own_videos"].toy is None


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_valid_and_has_the_name_it_is_found_by(name):
    assert RECIPES[name].name == name
    config.validate(RECIPES[name])


@pytest.mark.parametrize("name", RECIPES)
def test_a_saved_recipe_is_the_same_experiment(tmp_path, name):
    config.save(RECIPES[name], tmp_path / "recipe.yaml")
    loaded = config.load(tmp_path / "recipe.yaml")
    assert loaded == RECIPES[name]
    assert config.digest(loaded) == config.digest(RECIPES[name])


def test_own_videos_takes_its_sizes_from_the_data():
    recipe = RECIPES["own_videos"]
    sizes = recipe.data.short_side, recipe.clip.frames, recipe.clip.size
    assert sizes == (0, 0, 0)
