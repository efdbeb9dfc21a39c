"""Recipes: where their defaults are from, and what their digest tells."""

import copy

import cv2
import pytest

from d3d_tf import config
from d3d_tf.config import FlowRecipe, Recipe
from d3d_tf.recipes import RECIPES

PAPER = Recipe(name="paper")


def leaves(content, path=()):
    """Every `(path, value)` of a nested dict."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def changed(value):
    """Another value of the same type; something for nothing."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "x"
    return type(value)(2 * value + 1)


def test_flow_defaults_are_those_of_opencv():
    solver = cv2.optflow.createOptFlow_DualTVL1()
    ours = FlowRecipe()
    assert ours.tau == solver.getTau()
    assert ours.lambda_ == solver.getLambda()
    assert ours.theta == solver.getTheta()
    assert ours.scales == solver.getScalesNumber()
    assert ours.scale_step == solver.getScaleStep()
    assert ours.warps == solver.getWarpingsNumber()
    assert ours.epsilon == solver.getEpsilon()
    assert ours.inner_iterations == solver.getInnerIterations()
    assert ours.outer_iterations == solver.getOuterIterations()
    assert ours.median_filtering == solver.getMedianFiltering()


def test_digest_is_the_first_16_digits_of_sha256_of_the_json():
    """Folder names depend on it, so it must not change between versions.

    `printf '%s' '[{"a": 1, "b": [0.5, null]}]' | sha256sum` (coreutils) gives
    868a5d6a72d6578f...
    """
    assert config.digest({"b": [0.5, None], "a": 1}) == "868a5d6a72d6578f"


def test_digest_of_a_recipe_is_that_of_its_content():
    assert config.digest(PAPER) == config.digest(config.to_dict(PAPER))
    assert config.digest(PAPER, 1) != config.digest(PAPER, 2)


@pytest.mark.parametrize(
    "path", [path for path, _ in leaves(config.to_dict(RECIPES["toy"]))]
)
def test_digest_changes_with_every_field(path):
    content = config.to_dict(RECIPES["toy"])
    other = copy.deepcopy(content)
    section = other
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = changed(section[path[-1]])
    assert config.digest(other) != config.digest(content)
