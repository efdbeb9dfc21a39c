"""The section `probe` of a recipe."""

import pytest

from d3d_tf import config
from d3d_tf.config import ProbeRecipe, override
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY


@pytest.mark.parametrize("written", ["2c,3a", "[2c, 3a]"])
def test_lists_with_and_without_brackets(written):
    recipe = override(TOY, [f"probe.endpoints={written}"])
    assert recipe.probe.endpoints == ("2c", "3a")


def test_recipes_of_before_keep_their_digest():
    assert "probe" not in config.to_dict(TOY)
    changed = override(TOY, ["probe.seeds=2"])
    assert config.digest(changed) != config.digest(TOY)
    assert config.from_dict(config.to_dict(changed), "here") == changed


@pytest.mark.parametrize(
    "setting, words",
    [
        ("probe.networks=studnet", "baseline, student, teacher"),
        ("probe.seeds=0", "probe.seeds must be above 0; got 0"),
        ("probe.endpoint=3a", "probe.endpoints"),
    ],
)
def test_what_is_wrong_is_named(setting, words):
    with pytest.raises(UsageError, match=words):
        override(TOY, [setting])


def test_one_network_alone():
    assert ProbeRecipe(finetuned="student").finetuned == ("student",)
