"""The trunk's shapes, switches and errors; parity is in test_networks."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.inception.blocks import ConvUnit
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.table import ENDPOINTS
from d3d_tf.models.inception.trunk import Inception3D

# [time, height, width, channels] for 64 x 224 x 224: the original graph's
# (shared/goldens/networks/facts.md, section 2).
SHAPES = {
    "Conv2d_1a_7x7": (32, 112, 112, 64),
    "MaxPool_2a_3x3": (32, 56, 56, 64),
    "Conv2d_2b_1x1": (32, 56, 56, 64),
    "Conv2d_2c_3x3": (32, 56, 56, 192),
    "MaxPool_3a_3x3": (32, 28, 28, 192),
    "Mixed_3b": (32, 28, 28, 256),
    "Mixed_3c": (32, 28, 28, 480),
    "MaxPool_4a_3x3": (16, 14, 14, 480),
    "Mixed_4b": (16, 14, 14, 512),
    "Mixed_4c": (16, 14, 14, 512),
    "Mixed_4d": (16, 14, 14, 512),
    "Mixed_4e": (16, 14, 14, 528),
    "Mixed_4f": (16, 14, 14, 832),
    "MaxPool_5a_2x2": (8, 7, 7, 832),
    "Mixed_5b": (8, 7, 7, 832),
    "Mixed_5c": (8, 7, 7, 1024),
}


def traced(trunk, *shape):
    """The endpoints' static shapes; nothing is computed."""
    function = tf.function(lambda clip: trunk(clip, training=False))
    outputs = function.get_concrete_function(tf.TensorSpec([2, *shape]))
    return {
        name: tuple(tensor.shape[1:])
        for name, tensor in outputs.structured_outputs.items()
    }


def convolutions(trunk):
    """Every `ConvUnit`, by the endpoint it is in."""
    return [
        (unit.name, inner)
        for unit in trunk.units
        for inner in (unit, *unit.submodules)
        if isinstance(inner, ConvUnit)
    ]


def make_trunk(separable=True, non_local_before=(), **options):
    return Inception3D(
        InceptionRecipe(**options),
        separable=separable,
        non_local_before=non_local_before,
    )


@pytest.mark.parametrize(
    "separable, arguments",
    [
        pytest.param(True, {}, id="s3dg"),
        pytest.param(
            False,
            {"first_temporal_kernel": 7, "gating_start_at": None},
            id="i3d",
            marks=pytest.mark.large,
        ),
    ],
)
def test_endpoint_shapes(separable, arguments):
    trunk = make_trunk(separable=separable, **arguments)
    assert traced(trunk, 64, 224, 224, 3) == SHAPES
    assert ENDPOINTS == tuple(SHAPES)


@pytest.fixture(scope="module")
def small():
    return make_trunk(depth_multiplier=1 / 32, min_depth=3)


def test_channels_follow_the_multiplier(small):
    """max(int(c / 32), 3): 64 to 3, 192 to 6; Mixed_3b 64 128 32 32 to 3 4 3 3.

    Mixed_4b: 192 208 48 64 to 6 6 3 3; Mixed_5c: 384 384 128 128 to 12 12 4 4.
    """
    found = traced(small, 8, 32, 32, 2)
    assert {name: shape[-1] for name, shape in found.items()} == {
        "Conv2d_1a_7x7": 3,
        "MaxPool_2a_3x3": 3,
        "Conv2d_2b_1x1": 3,
        "Conv2d_2c_3x3": 6,
        "MaxPool_3a_3x3": 6,
        "Mixed_3b": 3 + 4 + 3 + 3,
        "Mixed_3c": 4 + 6 + 3 + 3,
        "MaxPool_4a_3x3": 16,
        "Mixed_4b": 6 + 6 + 3 + 3,
        "Mixed_4c": 5 + 7 + 3 + 3,
        "Mixed_4d": 4 + 8 + 3 + 3,
        "Mixed_4e": 3 + 9 + 3 + 3,
        "Mixed_4f": 8 + 10 + 4 + 4,
        "MaxPool_5a_2x2": 26,
        "Mixed_5b": 8 + 10 + 4 + 4,
        "Mixed_5c": 12 + 12 + 4 + 4,
    }


def test_odd_sizes_are_rounded_up(small):
    """11 x 97 x 65: halved and rounded up at every stride of 2."""
    found = traced(small, 11, 97, 65, 2)
    assert {name: shape[:3] for name, shape in found.items()} == {
        "Conv2d_1a_7x7": (6, 49, 33),
        "MaxPool_2a_3x3": (6, 25, 17),
        "Conv2d_2b_1x1": (6, 25, 17),
        "Conv2d_2c_3x3": (6, 25, 17),
        "MaxPool_3a_3x3": (6, 13, 9),
        "Mixed_3b": (6, 13, 9),
        "Mixed_3c": (6, 13, 9),
        "MaxPool_4a_3x3": (3, 7, 5),
        "Mixed_4b": (3, 7, 5),
        "Mixed_4c": (3, 7, 5),
        "Mixed_4d": (3, 7, 5),
        "Mixed_4e": (3, 7, 5),
        "Mixed_4f": (3, 7, 5),
        "MaxPool_5a_2x2": (2, 4, 3),
        "Mixed_5b": (2, 4, 3),
        "Mixed_5c": (2, 4, 3),
    }


@pytest.mark.large
def test_unknown_sizes_give_the_same_features(small, seed):
    """One graph for all sizes: what the static ones compute, it computes."""
    clip = tf.TensorSpec([None, None, None, None, 2])
    free = tf.function(
        lambda x: small(x, training=False), input_signature=[clip]
    )
    for shape in ([1, 5, 33, 18, 2], [2, 3, 16, 40, 2]):
        inputs = tf.random.normal(shape)
        expected = small(inputs, training=False)
        for name, features in free(inputs).items():
            np.testing.assert_allclose(features, expected[name], atol=1e-6)
    assert free.experimental_get_tracing_count() == 1


def test_default_switches():
    """Facts, 3: 19 separated places, 37 gates."""
    units = convolutions(make_trunk())
    assert len(units) == 57
    assert sum(unit.temporal is not None for _, unit in units) == 19
    assert sum(unit.self_gating is not None for _, unit in units) == 37
    first = units[0][1]
    assert first.conv.kernel_size == (3, 7, 7) and first.temporal is None


def test_switches_start_where_they_are_told():
    units = convolutions(
        make_trunk(
            first_temporal_kernel=5,
            temporal_conv_start_at="Mixed_4f",
            gating_start_at="Mixed_5b",
        )
    )
    assert {n for n, unit in units if unit.temporal is not None} == {
        "Mixed_4f",
        "Mixed_5b",
        "Mixed_5c",
    }
    assert {n for n, unit in units if unit.self_gating is not None} == {
        "Mixed_5b",
        "Mixed_5c",
    }
    assert units[0][1].conv.kernel_size == (5, 7, 7)
    # Before the start a 3x3 convolution sees one frame.
    assert units[2][0] == "Conv2d_2c_3x3"
    assert units[2][1].conv.kernel_size == (1, 3, 3)


@pytest.mark.parametrize("separable", [False, True])
def test_switched_off(separable):
    units = convolutions(
        make_trunk(
            separable=separable,
            temporal_conv_start_at=None,
            gating_start_at=None,
        )
    )
    assert all(u.temporal is None and u.self_gating is None for _, u in units)
    assert {u.conv.kernel_size[0] for _, u in units[1:]} == {1}


def test_full_kernels_where_nothing_is_separated():
    """I3D: 3x3 convolutions from Conv2d_2c_3x3 on see three frames."""
    units = convolutions(make_trunk(separable=False))
    kernels = [unit.conv.kernel_size for _, unit in units]
    assert kernels.count((3, 3, 3)) == 19
    assert kernels.count((1, 1, 1)) == 37


def test_final_endpoint():
    trunk = make_trunk(
        depth_multiplier=1 / 32,
        min_depth=3,
        final_endpoint="MaxPool_3a_3x3",
    )
    found = traced(trunk, 4, 16, 16, 3)
    assert list(found) == list(SHAPES)[:5]


def test_non_local_blocks_see_what_their_endpoint_gets(seed):
    """Kernel z is 0 and its bias 1: the endpoint's input grows by one."""
    clip = tf.random.normal([1, 4, 40, 40, 3])
    trunk = make_trunk(
        depth_multiplier=1 / 32,
        min_depth=3,
        non_local_before=("Mixed_5b", "Mixed_5c"),
    )
    trunk(clip)
    for block in trunk.non_locals:
        block.z.bias.assign(tf.ones_like(block.z.bias))
    features = trunk(clip, training=False)
    *_, first, second = trunk.units
    np.testing.assert_allclose(
        features["Mixed_5b"], first(features["MaxPool_5a_2x2"] + 1), rtol=1e-6
    )
    np.testing.assert_allclose(
        features["Mixed_5c"], second(features["Mixed_5b"] + 1), rtol=1e-6
    )


def test_what_is_behind_the_end_has_no_non_local_block():
    trunk = make_trunk(
        final_endpoint="Mixed_5b",
        non_local_before=("Mixed_5b", "Mixed_5c"),
    )
    assert [block.name for block in trunk.non_locals] == ["Mixed_5b/NonLocal"]


def pair_of_trunks(**arguments):
    """Two with the same values, the second with `recompute`."""
    trunks = []
    for recompute in (False, True):
        trunk = make_trunk(
            fan_in_initializer=True,
            batch_norm_momentum=0.5,
            depth_multiplier=1 / 16,
            min_depth=3,
            recompute=recompute,
            **arguments,
        )
        trunk(tf.zeros([1, 2, 16, 16, 3]))
        trunks.append(trunk)
    rng = np.random.default_rng(0)
    values = [
        value + rng.uniform(0, 0.1, value.shape)
        for value in trunks[0].get_weights()
    ]
    for trunk in trunks:
        trunk.set_weights(values)
    return trunks


@pytest.mark.parametrize(
    "graph, arguments",
    [
        (False, {"final_endpoint": "MaxPool_4a_3x3"}),
        pytest.param(
            True,
            {"non_local_before": ("Mixed_5b", "Mixed_5c")},
            marks=pytest.mark.large,
        ),
    ],
)
def test_recompute_changes_no_number(graph, arguments, seed):
    """Equal gradients; averages moved once and not twice.

    Momentum 0.5: a second update would halve what is left of the start.
    """
    plain, thrifty = pair_of_trunks(**arguments)
    ends = [name for name in SEGMENT_ENDS if name in plain.endpoints]
    clip = tf.random.normal([2, 8, 48, 48, 3])

    def run(trunk):
        def step(clip):
            with tf.GradientTape() as tape:
                tape.watch(clip)
                features = trunk(clip, training=True)
                loss = tf.add_n(
                    [tf.reduce_mean(features[name] ** 2) for name in ends]
                )
            to = [clip, *trunk.trainable_variables]
            return features, tape.gradient(loss, to)

        return (tf.function(step) if graph else step)(clip)

    features, gradients = run(plain)
    again, others = run(thrifty)
    assert list(again) == ends
    for name in ends:
        np.testing.assert_allclose(features[name], again[name], rtol=1e-5)
    for one, other in zip(gradients, others, strict=True):
        error = np.linalg.norm(one - other)
        assert error <= 1e-4 * np.linalg.norm(one) + 1e-7
    for one, other in zip(
        plain.non_trainable_weights, thrifty.non_trainable_weights, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


# A segment ends before the next convolution or block.
SEGMENT_ENDS = (
    "MaxPool_2a_3x3",
    "Conv2d_2b_1x1",
    "MaxPool_3a_3x3",
    "Mixed_3b",
    "MaxPool_4a_3x3",
    "Mixed_4b",
    "Mixed_4c",
    "Mixed_4d",
    "Mixed_4e",
    "MaxPool_5a_2x2",
    "Mixed_5b",
    "Mixed_5c",
)


def test_recompute_on_two_replicas(replicas, seed):
    """Each with its own clip; momentum 0.5 and one update."""
    with replicas.scope():
        plain, thrifty = pair_of_trunks(final_endpoint="Conv2d_2c_3x3")
    clip = tf.random.normal([1, 4, 24, 24, 3])

    def gradients(trunk):
        def step():
            with tf.GradientTape() as tape:
                net = trunk(clip, training=True)["Conv2d_2c_3x3"]
                loss = tf.reduce_mean(net**2)
            found = tape.gradient(loss, trunk.trainable_variables)
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, found)

        run = tf.function(lambda: replicas.run(step))
        return [replicas.experimental_local_results(each)[0] for each in run()]

    for one, other in zip(gradients(plain), gradients(thrifty), strict=True):
        error = np.linalg.norm(one - other)
        assert error <= 1e-4 * np.linalg.norm(one) + 1e-7
    for one, other in zip(
        plain.get_weights(), thrifty.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_inference_and_first_call_are_not_recomputed(seed):
    """All endpoints are there, also of a trunk without variables yet."""
    trunk = make_trunk(depth_multiplier=1 / 64, min_depth=2, recompute=True)
    clip = tf.random.normal([1, 2, 16, 16, 3])
    assert tuple(trunk(clip, training=True)) == ENDPOINTS
    assert tuple(trunk(clip, training=False)) == ENDPOINTS
    assert tuple(trunk(clip, training=True)) == SEGMENT_ENDS


def test_layers_up_to_an_endpoint():
    """A non-local block is the layer of the endpoint that it comes before."""
    trunk = make_trunk(
        final_endpoint="Mixed_3b", non_local_before=("Mixed_3b",)
    )
    assert len(trunk.layers_up_to("MaxPool_3a_3x3")) == 5
    assert len(trunk.layers_up_to("Mixed_3b")) == 6 + 1
    # Only Conv2d_1a_7x7 halves time so early.
    assert trunk.time_stride("Mixed_3b") == 2
