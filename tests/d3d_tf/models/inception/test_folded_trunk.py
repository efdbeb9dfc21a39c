"""Gates and joins behind the pooling; the rest is in `test_folding`."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.layers.convolution import MaxPool3D
from d3d_tf.models.fixed import Fixed
from d3d_tf.models.inception.blocks import SelfGating, UnitOptions
from d3d_tf.models.inception.folded_trunk import FixedGates
from d3d_tf.models.inception.folding import fold_batch_norm
from d3d_tf.models.inception.networks import S3DG


@pytest.mark.parametrize("sizes", [(1, 2), (None, None)])
def test_gates_by_hand(sizes):
    """Means 2 and 0.5 of two clips, times log(3) / 2: gates 3 / 4 and
    3^(1/4) / (1 + 3^(1/4)). Sizes of frames may be unknown.
    """
    gating = SelfGating(UnitOptions())
    gating(tf.zeros([1, 1, 1, 1, 1]))
    gating.transformer_W.kernel.assign([[[[[np.log(3) / 2]]]]])
    gating.transformer_W = Fixed(gating.transformer_W)
    fixed = FixedGates(gating)

    @tf.function(input_signature=[tf.TensorSpec([None, None, *sizes, 1])])
    def gates(clips):
        return fixed(clips)

    clips = np.float32([[[1, 3], [0, 4]], [[1, 0], [1, 0]]])
    clips = clips.reshape([2, 2, 1, 2, 1])
    root = 3**0.25
    expected = np.reshape([3 / 4, root / (1 + root)], [2, 1, 1, 1, 1])
    np.testing.assert_allclose(gates(clips), expected, rtol=1e-6)


def passes(network, endpoint: str) -> Counter:
    """Gates and joins on the way from a clip of 4 x 64 x 64 to an endpoint:
    `{(operation, (time, height, width)): how many}`.
    """

    @tf.function(input_signature=[tf.TensorSpec([1, 4, 64, 64, 3])])
    def forward(clip):
        return network.trunk.up_to(endpoint, clip)[endpoint]

    graph = forward.get_concrete_function().graph
    wanted = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [graph.outputs[0].op.name]
    )
    made = [graph.get_operation_by_name(node.name) for node in wanted.node]
    return Counter(
        (o.type, tuple(o.outputs[0].shape[1:4]))
        for o in made
        if o.type in ("Mul", "ConcatV2") and o.outputs[0].shape.rank == 5
    )


def test_gates_and_joins_come_behind_the_pooling():
    """Conv2d_2c has 2 x 16 x 16 places, Mixed_3c 2 x 8 x 8, and neither is
    gated, or joined, before it is pooled to a quarter or an eighth.
    """
    network = S3DG(
        3,
        depth_multiplier=1 / 64,
        min_depth=2,
        final_endpoint="MaxPool_4a_3x3",
    )
    network(tf.zeros([1, 2, 32, 32, 3]))
    folded = fold_batch_norm(network)
    unit = {("Mul", (2, 8, 8)): 1}
    assert passes(folded, "MaxPool_3a_3x3") == unit
    block = {("Mul", (2, 8, 8)): 1 + 4, ("ConcatV2", (2, 8, 8)): 1}
    pooled = {("Mul", (1, 4, 4)): 4, ("ConcatV2", (1, 4, 4)): 1}
    assert passes(folded, "MaxPool_4a_3x3") == block | pooled
    # As an endpoint, it is gated and joined itself.
    whole = {("Mul", (2, 8, 8)): 1 + 8, ("ConcatV2", (2, 8, 8)): 2}
    assert passes(folded, "Mixed_3c") == whole


def test_pooled_endpoints_are_the_same_bits():
    """Rounding is monotonic: the largest product is the largest value's."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=[2, 4, 6, 6, 8]).astype(np.float32)
    gates = rng.uniform(0, 1, [2, 1, 1, 1, 8]).astype(np.float32)
    pool = MaxPool3D(3, 2, "same")
    np.testing.assert_array_equal(pool(values * gates), pool(values) * gates)
