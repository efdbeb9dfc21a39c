"""A module against its network, and against another one."""

import numpy as np
import pytest
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.hub_export.cut_network import CLASSIFICATION, video_part
from d3d_tf.hub_export.features.check_parity import (
    largest_differences,
    make_reference,
    num_frames,
)
from d3d_tf.hub_export.features.inputs import FeatureSpec
from tests.hub_export.features.conftest import UNIFORM, made

SPEC = FeatureSpec(UNIFORM)


def part_of(network):
    return video_part(network, CLASSIFICATION, None, "youtube8m")


def test_one_video_has_padding():
    assert num_frames(SPEC).tolist() == [300, 100]
    assert num_frames(FeatureSpec(UNIFORM, longest=1)).tolist() == [1, 1]


@pytest.mark.large
@pytest.mark.parametrize("seed, same", [(0, True), (1, False)])
def test_every_way(exported, seed, same):
    network = made(seed=seed)
    part = part_of(network)
    found = largest_differences(
        part,
        hub.load(str(exported[1])),
        SPEC,
        make_reference(network, part, SPEC),
    )
    assert [*found] == [
        *("reloaded", "infer", "keras_layer", "serving_default"),
        *("features_uint8", "rgb_audio_uint8", "without_padding"),
        "regularization",
    ]
    del found["regularization"]  # Of other kernels of about the same size.
    assert all((value < 1e-5) is same for value in found.values())


def test_a_network_that_diverged():
    network = made()
    network.head.fully_connected.bias.assign([np.nan, 0, 0])
    with pytest.raises(UserError, match="logits of a random clip are not"):
        make_reference(network, part_of(network), SPEC)
