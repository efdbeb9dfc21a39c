"""The table of families."""

import importlib
import subprocess
import sys

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models import FAMILIES, make_network, recipe_class
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.network import VideoNetwork
from tests.harness.tiny import CASES


def test_every_entry_can_build():
    for module in set(FAMILIES.values()):
        assert callable(importlib.import_module(f"{module}.family").build)


def test_every_family_has_a_tiny_network():
    """Its `test_family.py` calls the harness with it."""
    assert set(CASES) == set(FAMILIES.values())
    for package, case in CASES.items():
        assert FAMILIES[case.recipe.model] == package


@pytest.mark.parametrize("stream, channels", [("frames", 3), ("flow", 2)])
def test_a_network_with_its_variables(stream, channels):
    recipe = InceptionRecipe(
        depth_multiplier=1 / 64, min_depth=2, final_endpoint="MaxPool_2a_3x3"
    )
    network = make_network(recipe, 5, stream)
    assert isinstance(network, VideoNetwork) and network.built
    assert network.trunk.channels == channels
    assert network.trunk.endpoints == ("Conv2d_1a_7x7", "MaxPool_2a_3x3")
    assert network.trunk.strides("MaxPool_2a_3x3") == (2, 4, 4)


def test_a_network_of_features_has_no_pixels():
    recipe = recipe_class("hrnn")()
    with pytest.raises(UsageError, match="cannot look at frames.*youtube8m.md"):
        make_network(recipe, 5, "frames")


def test_the_table_needs_no_tensorflow():
    code = (
        "import sys, d3d_tf.models as m;"
        "[m.recipe_class(model) for model in m.FAMILIES];"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
