"""The whole network."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.learned_flow.network import LearnedFlowS3DG
from tests.harness.tiny import LEARNED_FLOW


def test_parameters_of_the_papers_network():
    """The sum of its parts, for Kinetics-400.

    The temporal S3D-G: 9,518,848 of the released S3D-G (docs/networks.md), less
    a third of the first kernel's 3 x 7 x 7 x 3 x 64, as flow has 2 channels.
    The decoder at 3A: 2,701,030 (tests/d3d_tf/heads/test_flow_decoder.py). The
    predictor has kernels (space, then time) and shifts of three units, the bias
    of the convolution in time and a gate.
    """
    temporal = 9_518_848 - 3 * 7 * 7 * 64
    first = 3 * 7 * 7 * 3 * 64 + 64
    second = 64 * 64 + 64
    third = 3 * 3 * 64 * 192 + 192 + 3 * 192 * 192 + 192 + 192 * 192
    network = LearnedFlowS3DG()
    clip = (2, 32, 32, 3)
    network(tf.zeros([1, *clip]))
    cost = measure_cost(network, clip)
    assert cost.trained_parameters == (
        temporal + 2_701_030 + first + second + third
    )


def test_it_cannot_look_at_flow():
    with pytest.raises(UsageError, match="--set teacher.model=s3dg"):
        make_network(LearnedFlowRecipe(), 3, "flow")


def test_what_it_cannot_be_is_a_value_error():
    with pytest.raises(ValueError, match="flow_endpoint must be one of"):
        LearnedFlowS3DG(3, flow_endpoint="Mixed_6a")


def test_its_flow_is_the_trunks_in_inference():
    network, clip = LEARNED_FLOW.network(), LEARNED_FLOW.clips()
    before = network.get_weights()
    np.testing.assert_array_equal(
        network.flow(clip), network.trunk.flow(clip, training=False)
    )
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
