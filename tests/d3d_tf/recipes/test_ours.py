"""Our own experiments."""

from d3d_tf.recipes import RECIPES


def test_the_defaults_of_the_command_line_exist():
    assert RECIPES["toy"].toy is not None
    assert RECIPES["own_videos"].toy is None


def test_own_videos_takes_its_sizes_from_the_data():
    recipe = RECIPES["own_videos"]
    sizes = recipe.data.short_side, recipe.clip.frames, recipe.clip.size
    assert sizes == (0, 0, 0)
