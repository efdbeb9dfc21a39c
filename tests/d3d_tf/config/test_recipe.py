"""Recipes: where their defaults are from, and what their digest tells."""

import json
from pathlib import Path

import cv2
import pytest
import yaml

from d3d_tf import config
from d3d_tf.config import DistillRecipe, FlowRecipe, Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.recipes import RECIPES

PAPER = Recipe(name="paper")
# Written by the code of 0.1.0, before sections were pydantic's.
OLD = Path(__file__).parent
DIGESTS = json.loads((OLD / "digests_0_1_0.json").read_text())


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


@pytest.mark.parametrize("name", DIGESTS["recipes"])
def test_digests_of_named_recipes_are_those_of_0_1_0(name):
    """Run folders hold the first; record folders are named by the others."""
    recipe = RECIPES[name]
    assert config.digest(recipe) == DIGESTS["recipes"][name]
    assert config.digest(recipe.data) == DIGESTS["data"][name]
    assert config.digest(recipe.flow) == DIGESTS["flow"][name]


@pytest.mark.parametrize("name", DIGESTS["changed"])
def test_digests_of_other_values_are_those_of_0_1_0(name):
    saved = DIGESTS["changed"][name]
    recipe = config.override(RECIPES[name], saved["set"])
    assert config.digest(recipe) == saved["recipe"]
    assert config.digest(recipe.data) == saved["data"]
    assert config.digest(recipe.flow) == saved["flow"]
    record = config.digest(recipe.data, recipe.flow, {"a": 1})
    assert record == saved["record"]


def test_input_workers_are_no_part_of_what_an_experiment_is():
    recipe = config.override(PAPER, ["service=grpc://head:5050"])
    assert recipe.data.service == "grpc://head:5050"
    assert config.digest(recipe) == config.digest(PAPER)
    assert config.digest(recipe.data) == config.digest(PAPER.data)
    assert config.to_dict(recipe) == config.to_dict(PAPER)


def test_a_saved_recipe_of_0_1_0_opens_and_is_written_the_same():
    path = OLD / "recipe_0_1_0.yaml"
    recipe = config.load(path)
    assert (
        config.digest(recipe)
        == (DIGESTS["changed"]["d3d_kinetics400"]["recipe"])
    )
    assert config.to_yaml(recipe) == path.read_text()


@pytest.mark.parametrize("cls", [config.DataRecipe, config.FlowRecipe])
def test_names_of_record_folders_know_the_fields_of_0_1_0_alone(cls):
    """Another field must be left out at its default: else everybody's videos
    would be prepared again.
    """
    old = OLD / "recipe_0_1_0.yaml"
    section = cls.__name__.removesuffix("Recipe").lower()
    assert [*config.to_dict(cls())] == [
        *yaml.safe_load(old.read_text())[section]
    ]


def test_whose_network_is_whose():
    network = InceptionRecipe(model="s3d")
    teacher = InceptionRecipe(model="i3d")
    alike = Recipe(name="x", network=network)
    for role in ("teacher", "baseline", "student"):
        assert alike.network_of(role) == network
    two = Recipe(name="x", network=network, teacher=teacher)
    assert two.network_of("teacher") == teacher
    assert two.network_of("baseline") == two.network_of("student") == network


def test_the_rgb_control_has_the_students_network():
    with pytest.raises(UsageError, match="teacher must be left out with dist"):
        Recipe(
            name="x",
            teacher=InceptionRecipe(model="i3d"),
            distill=DistillRecipe(teacher_stream="rgb"),
        )
