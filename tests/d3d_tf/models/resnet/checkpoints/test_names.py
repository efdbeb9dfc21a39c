"""Each variable of a ResNet has one name, whoever wrote the checkpoint."""

import dataclasses

import pytest

from d3d_tf.models import make_network
from d3d_tf.models.resnet.checkpoints.names import (
    as_torchvision,
    by_name,
    shifted_blocks,
    torch_shape,
)
from tests.d3d_tf.models.resnet.checkpoints import written
from tests.d3d_tf.models.resnet.golden_resnet import torch_names
from tests.harness.tiny import RESNET, RESNET_DNR


@pytest.mark.parametrize(
    "recipe",
    [
        RESNET.recipe,
        RESNET_DNR.recipe,
        dataclasses.replace(RESNET_DNR.recipe, statistics="instance"),
    ],
    ids=["tsm", "dnr", "instance"],
)
def test_names_are_the_golden_s(recipe):
    """Their own mapping was written for the goldens, from their variables."""
    network = make_network(recipe, 5, "frames")
    ours, theirs = by_name(network), torch_names(network)
    assert ours.keys() == theirs.keys()
    assert len(ours) == len(network.variables)
    values = written.in_torch(network)
    for name, (variable, *_) in theirs.items():
        assert ours[name] is variable
        assert torch_shape(variable, name) == values[name].shape


@pytest.mark.parametrize(
    "theirs, ours",
    [
        ("fc.weight", "fc_cls.weight"),
        ("backbone.conv1.conv.weight", "conv1.weight"),
        ("backbone.conv1.bn.running_mean", "bn1.running_mean"),
        (
            "backbone.layer3.5.conv1.conv.net.weight",
            "layer3.5.conv1.weight",
        ),
        ("backbone.layer3.5.conv2.bn.bias", "layer3.5.bn2.bias"),
        (
            "backbone.layer2.0.downsample.conv.weight",
            "layer2.0.downsample.0.weight",
        ),
        (
            "backbone.layer2.0.downsample.bn.running_var",
            "layer2.0.downsample.1.running_var",
        ),
        ("cls_head.fc_cls.bias", "fc_cls.bias"),
        (
            "backbone.layer1.ModuleList.2.bn2.lstm.w_hh.0.seq.2.bias",
            "layer1.2.bn2.lstm.w_hh.0.seq.2.bias",
        ),
        (
            "backbone.layer1.lstm.w_ih.0.seq.0.weight",
            "layer1.lstm.w_ih.0.seq.0.weight",
        ),
        # Of nobody.
        ("layer1.0.net.conv1.weight", "layer1.0.net.conv1.weight"),
        ("classifier.fc.weight", "classifier.fc.weight"),
    ],
)
def test_by_hand(theirs, ours):
    assert as_torchvision(theirs) == ours


def test_which_blocks_are_shifted():
    names = [
        "backbone.conv1.conv.weight",
        "backbone.layer1.0.conv1.conv.net.weight",
        "backbone.layer1.1.conv1.conv.weight",
        "backbone.layer3.22.conv1.conv.net.weight",
    ]
    assert shifted_blocks(names) == {(1, 0), (3, 22)}
