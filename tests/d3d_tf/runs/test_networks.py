"""What a recipe's roles are made into."""

import dataclasses

import pytest

from d3d_tf import config
from d3d_tf.detector.network import Detector
from d3d_tf.models.inception.networks import S3DG
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.networks import make_role

SMALL = ["depth_multiplier=0.02", "min_depth=2"]


def test_a_network():
    recipe = config.override(RECIPES["toy"], SMALL)
    network = make_role(recipe, "teacher", 5)
    assert isinstance(network, S3DG)
    assert network.trunk.channels == 2
    assert network.head.get_weights()[-1].shape == (5,)


def test_a_detector():
    recipe = config.override(RECIPES["toy_ava"], SMALL)
    network = make_role(recipe, "baseline", 5)
    assert isinstance(network, Detector)
    assert network.recipe == recipe.detector
    assert network.backbone.trunk.channels == 3
    assert network.actions.get_weights()[-1].shape == (5,)
    plain = dataclasses.replace(recipe, task="classification")
    assert not isinstance(make_role(plain, "baseline", 5), Detector)


@pytest.mark.card
def test_a_detector_with_an_rpn():
    recipe = config.override(RECIPES["toy_ava_rpn"], SMALL)
    network = make_role(recipe, "baseline", 5)
    assert network.persons.recipe == recipe.persons
