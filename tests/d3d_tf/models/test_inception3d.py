"""The trunk's shapes, switches and errors; parity is in test_networks."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.blocks import ConvUnit, UnitOptions
from d3d_tf.models.inception3d import ENDPOINTS, Inception3D

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


@pytest.mark.parametrize(
    "separable, arguments",
    [
        (True, {}),
        (False, {"first_temporal_kernel": 7, "gating_start_at": None}),
    ],
    ids=["s3dg", "i3d"],
)
def test_endpoint_shapes(separable, arguments):
    trunk = Inception3D(UnitOptions(separable=separable), **arguments)
    assert traced(trunk, 64, 224, 224, 3) == SHAPES
    assert ENDPOINTS == tuple(SHAPES)


@pytest.fixture(scope="module")
def small():
    return Inception3D(UnitOptions(), depth_multiplier=1 / 32, min_depth=3)


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
    units = convolutions(Inception3D(UnitOptions()))
    assert len(units) == 57
    assert sum(unit.temporal is not None for _, unit in units) == 19
    assert sum(unit.self_gating is not None for _, unit in units) == 37
    first = units[0][1]
    assert first.conv.kernel_size == (3, 7, 7) and first.temporal is None


def test_switches_start_where_they_are_told():
    units = convolutions(
        Inception3D(
            UnitOptions(),
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
        Inception3D(
            UnitOptions(separable=separable),
            temporal_conv_start_at=None,
            gating_start_at=None,
        )
    )
    assert all(u.temporal is None and u.self_gating is None for _, u in units)
    assert {u.conv.kernel_size[0] for _, u in units[1:]} == {1}


def test_full_kernels_where_nothing_is_separated():
    """I3D: 3x3 convolutions from Conv2d_2c_3x3 on see three frames."""
    units = convolutions(Inception3D(UnitOptions(separable=False)))
    kernels = [unit.conv.kernel_size for _, unit in units]
    assert kernels.count((3, 3, 3)) == 19
    assert kernels.count((1, 1, 1)) == 37


def test_final_endpoint():
    trunk = Inception3D(
        UnitOptions(),
        depth_multiplier=1 / 32,
        min_depth=3,
        final_endpoint="MaxPool_3a_3x3",
    )
    found = traced(trunk, 4, 16, 16, 3)
    assert list(found) == list(SHAPES)[:5]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"temporal_conv_start_at": "Mixed_6a"}, "No endpoint.*Mixed_6a.*3b"),
        ({"gating_start_at": "mixed_3b"}, "No endpoint.*mixed_3b"),
        ({"final_endpoint": "Logits"}, "No endpoint.*Logits"),
        ({"first_temporal_kernel": 2}, "1, 3, 5 or 7; got 2"),
        ({"depth_multiplier": 0}, "above 0; got 0"),
    ],
)
def test_impossible_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        Inception3D(UnitOptions(), **wrong)
