"""Each variable of X3D has one name, whoever wrote the checkpoint."""

import dataclasses

import pytest

from d3d_tf.models import make_network
from d3d_tf.models.x3d.checkpoints.names import (
    as_pytorchvideo,
    as_slowfast,
    by_name,
    torch_shape,
)
from tests.d3d_tf.models.x3d.golden_x3d import torch_names
from tests.harness.tiny import X3D


@pytest.fixture(scope="module")
def network():
    """Each stage has a block, and one has two: with and without SE."""
    recipe = dataclasses.replace(X3D.recipe, shortcut="pytorchvideo")
    return make_network(recipe, 5, "frames")


def test_names_of_pytorchvideo_are_the_golden_s(network):
    """Its own mapping was written for the goldens, from their variables."""
    ours = by_name(network)
    theirs = torch_names(network)
    assert len(ours) == len(theirs) == len(network.variables)
    for name, (variable, _, shape) in theirs.items():
        slowfast = as_slowfast(name)
        assert ours[slowfast] is variable
        assert torch_shape(variable, slowfast) == shape
        assert as_pytorchvideo(slowfast) == name


@pytest.mark.parametrize(
    "theirs, ours",
    [
        # The stem's two are called the other way round there.
        ("blocks.0.conv.conv_t.weight", "s1.pathway0_stem.conv_xy.weight"),
        ("blocks.0.conv.conv_xy.weight", "s1.pathway0_stem.conv.weight"),
        (
            "blocks.4.res_blocks.6.branch2.norm_b.1.block.2.bias",
            "s5.pathway0_res6.branch2.se.fc2.bias",
        ),
        ("blocks.5.proj.bias", "head.projection.bias"),
    ],
)
def test_by_hand(theirs, ours):
    assert as_slowfast(theirs) == ours
    assert as_pytorchvideo(ours) == theirs


@pytest.mark.parametrize("name", ["fc.weight", "s6.pathway0_res0.a.weight"])
def test_names_of_nobody_stay(name):
    assert as_slowfast(name) == as_pytorchvideo(name) == name


def test_the_published_shortcut_is_normalised():
    network = make_network(X3D.recipe, 5, "frames")
    assert "s2.pathway0_res0.branch1_bn.weight" in by_name(network)
