"""A module against its detector, and against another one."""

import numpy as np
import pytest
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.hub_export.detection.check_parity import (
    largest_differences,
    make_reference,
)
from d3d_tf.hub_export.detection.inputs import KeyframeSpec
from tests.hub_export.detection.conftest import made

CLIP = KeyframeSpec(4, 36, 2)


@pytest.mark.parametrize("seed, same", [(0, True), (1, False)])
def test_every_way(exported, seed, same):
    network = made(seed=seed)
    found = largest_differences(
        network, hub.load(str(exported[1])), make_reference(network, CLIP)
    )
    assert [*found] == [
        *("reloaded", "infer", "keras_layer", "serving_default"),
        *("frames_uint8", "frames_encoded", "regularization"),
    ]
    del found["regularization"]  # Of other kernels of about the same size.
    assert all((value < 1e-5) is same for value in found.values())


def test_a_detector_that_diverged():
    network = made()
    network.actions.bias.assign([np.nan, 0, 0])
    with pytest.raises(UserError, match="probabilities of a random clip are"):
        make_reference(network, CLIP)
