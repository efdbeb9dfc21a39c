"""The class, and the published sizes of ResNets."""

import numpy as np
import pytest

from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.models.network import make_variables
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.network import ResNet

LARGE = pytest.mark.large


@pytest.mark.parametrize(
    "depth, parameters",
    [
        ("r18", 11_689_512),
        pytest.param("r34", 21_797_672, marks=LARGE),
        pytest.param("r50", 25_557_032, marks=LARGE),
        pytest.param("r101", 44_549_160, marks=LARGE),
    ],
)
def test_parameters_are_torchvisions(depth, parameters):
    """As its documentation lists them, with ImageNet's 1000 classes."""
    recipe = ResNetRecipe(model=f"tsn_{depth}")
    network = make_network(recipe, 1000, "frames")
    cost = measure_cost(network, (1, 32, 32, 3))
    assert cost.trained_parameters == parameters


def test_the_class_has_the_recipes_defaults():
    network = ResNet(5, width_factor=0.1)
    assert network.pixels == ResNetRecipe().pixels
    config = network.get_config()
    assert config["model"] == "tsn_r50" and config["num_classes"] == 5
    assert config["normaliser"] == "batch_norm"
    copy = ResNet.from_config(config)
    assert copy.get_config() == config
    make_variables(copy, 3)
    assert copy.trunk.channels == 3


def test_what_it_does_not_know():
    with pytest.raises(ValueError, match="network.model must be one of tsn_"):
        ResNet(5, "tsn_r19")
    with pytest.raises(ValueError, match="interlace must be none"):
        ResNet(5, interlace="before_conv1")


@pytest.mark.parametrize(
    "settings, direction",
    [
        ({"model": "tsn_r18"}, False),
        ({"model": "tsm_r18"}, True),
        ({"model": "tsn_r18", "normaliser": "dnr"}, True),
        (
            {"model": "tsn_r18", "normaliser": "dnr", "bidirectional": True},
            False,
        ),
    ],
)
def test_which_know_a_clip_from_its_reverse(settings, direction, seed):
    """The mean of one cell's relays both ways is the same for both."""
    recipe = ResNetRecipe(**settings, width_factor=0.25)
    network = make_network(recipe, 5, "frames")
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(1, 8, 32, 32, 3)).astype(np.float32)
    clip *= np.arange(1, 9)[:, None, None, None] / 4  # It moves on.
    logits, reverse = network(clip), network(clip[:, ::-1])
    differ = np.abs(logits - reverse).max() / np.abs(logits).max()
    assert differ > 1e-3 if direction else differ < 1e-5
