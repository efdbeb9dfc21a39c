"""Every named experiment can be run, saved and read back."""

import pytest

from d3d_tf import config
from d3d_tf.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_the_name_it_is_found_by(name):
    assert RECIPES[name].name == name


@pytest.mark.parametrize("name", RECIPES)
def test_a_saved_recipe_is_the_same_experiment(tmp_path, name):
    (tmp_path / "recipe.yaml").write_text(config.to_yaml(RECIPES[name]))
    loaded = config.load(tmp_path / "recipe.yaml")
    assert loaded == RECIPES[name]
    assert config.digest(loaded) == config.digest(RECIPES[name])
