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


@pytest.mark.parametrize("name", ["ucf101", "hmdb51"])
@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_papers_schedule_and_ours_for_one_gpu(name, split):
    """D3D, section 5.4: 10k steps, 10 GPUs, 6 clips each: 600,000 clips.

    One GPU sees as many, at a rate that is as large per clip.
    """
    paper = RECIPES[f"{name}_split{split}"]
    one = RECIPES[f"{name}_split{split}_1gpu"]
    assert (paper.train.steps, paper.train.batch_size) == (10_000, 60)
    assert (one.train.steps, one.train.batch_size) == (100_000, 6)
    rates = [r.train.learning_rate / r.train.batch_size for r in (paper, one)]
    assert rates[0] == pytest.approx(rates[1])
    for recipe in (paper, one):
        assert (recipe.data.layout, recipe.data.split) == (name, split)
