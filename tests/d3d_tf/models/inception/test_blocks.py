"""Units, gates and blocks against the rules of the released S3D-G."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.inception.blocks import (
    ConvUnit,
    IdentityInTime,
    InceptionBlock,
    SelfGating,
    UnitOptions,
    mean_over_clip,
)

OPTIONS = UnitOptions()


def shapes(layer):
    """`{path inside the layer: shape}` of all variables."""
    return {
        "/".join(v.name.removesuffix(":0").split("/")[1:]): tuple(v.shape)
        for v in layer.weights
    }


def built(layer, *shape):
    layer(tf.zeros(shape))
    return layer


def put(layer, *values):
    """Fills the layer's variables, each with a number or as many as it has."""
    for variable, value in zip(layer.weights, values, strict=True):
        value = np.float32(value)
        if value.ndim:
            value = value.reshape(variable.shape)
        variable.assign(np.broadcast_to(value, variable.shape))


def test_gate_by_hand():
    """Two clips of two channels over two frames; W sends channel 0 to 1.

    Clip 0: channel means (1, 0), W^T m = (0, ln 3): gates (1/2, 3/4).
    Clip 1: channel means (-1, 4), W^T m = (0, -ln 3): gates (1/2, 1/4).
    """
    layer = built(SelfGating(OPTIONS), 1, 1, 1, 1, 2)
    put(layer, [0, np.log(3), 0, 0])
    clips = np.array([[[0, 8], [2, -8]], [[-4, 4], [2, 4]]], np.float32)
    outputs = layer(clips.reshape(2, 2, 1, 1, 2)).numpy().reshape(2, 2, 2)
    expected = [[[0, 6], [1, -6]], [[-2, 1], [1, 1]]]
    np.testing.assert_allclose(outputs, expected, rtol=1e-6)


def test_means_of_large_clips_are_exact():
    """100,352 values, as of Conv2d_2c for 64 x 224 x 224, against float64.

    One sum of them in float32 is off by 4e-6 to 1e-5; a graph says the same.
    """
    values = np.random.default_rng(0).random([1, 32, 56, 56, 8], np.float32)
    expected = np.mean(values, axis=(1, 2, 3), dtype=np.float64)
    clip = tf.constant(values)
    found = mean_over_clip(clip)
    np.testing.assert_allclose(found[:, 0, 0, 0], expected, rtol=1e-6)
    free = tf.TensorSpec([None, None, None, None, 8])
    traced = tf.function(mean_over_clip, input_signature=[free])
    np.testing.assert_array_equal(traced(clip), found)
    assert mean_over_clip(clip[:0]).shape == (0, 1, 1, 1, 8)


def test_gate_has_no_bias():
    layer = built(SelfGating(OPTIONS, name="gate"), 1, 2, 3, 3, 5)
    assert shapes(layer) == {"transformer_W/kernel": (1, 1, 1, 5, 5)}


@pytest.mark.parametrize("taps", [1, 3, 5])
def test_identity_in_time_passes_frames_through(taps, seed):
    inputs = tf.random.normal([2, 4, 3, 2, 5])
    layer = keras.layers.Conv3D(
        5, (taps, 1, 1), padding="same", kernel_initializer=IdentityInTime()
    )
    np.testing.assert_array_equal(layer(inputs), inputs)


def test_identity_in_time_is_known_to_keras():
    config = keras.initializers.serialize(IdentityInTime())
    assert config["config"] == {}
    kernel = IdentityInTime()([3, 1, 1, 2, 2], dtype=tf.float16)
    assert kernel.dtype == tf.float16
    np.testing.assert_array_equal(kernel[1, 0, 0], np.eye(2))
    assert float(tf.reduce_sum(kernel)) == 2


def test_plain_unit_is_convolution_shift_relu():
    """No scale, no bias; all three axes stride together."""
    unit = ConvUnit(
        7,
        (3, 5, 5),
        UnitOptions(separable=False),
        strides=(2, 2, 2),
        name="u",
    )
    outputs = unit(tf.zeros([1, 5, 9, 8, 2]))
    assert outputs.shape == [1, 3, 5, 4, 7]
    assert shapes(unit) == {
        "conv/kernel": (3, 5, 5, 2, 7),
        "BatchNorm/beta": (7,),
        "BatchNorm/moving_mean": (7,),
        "BatchNorm/moving_variance": (7,),
    }


def test_separable_unit_has_bias_and_no_norm_in_time():
    """Both halves have the output's channels; the time stride is the second's.

    The gate is the last of all.
    """
    unit = ConvUnit(
        7, (3, 5, 5), OPTIONS, strides=(2, 2, 2), gating=True, name="u"
    )
    outputs = unit(tf.zeros([1, 5, 9, 8, 2]))
    assert outputs.shape == [1, 3, 5, 4, 7]
    assert shapes(unit) == {
        "conv/kernel": (1, 5, 5, 2, 7),
        "BatchNorm/beta": (7,),
        "BatchNorm/moving_mean": (7,),
        "BatchNorm/moving_variance": (7,),
        "temporal/kernel": (3, 1, 1, 7, 7),
        "temporal/bias": (7,),
        "self_gating/transformer_W/kernel": (1, 1, 1, 7, 7),
    }
    assert unit.conv.strides == (1, 2, 2)
    assert unit.temporal.strides == (2, 1, 1)


def test_a_kernel_of_one_frame_is_not_separated():
    unit = built(ConvUnit(7, (1, 3, 3), OPTIONS), 1, 2, 4, 4, 2)
    assert unit.temporal is None and unit.self_gating is None


def test_separable_unit_by_hand():
    """One pixel, one channel, frames 1, 2, -3; space kernel 2, beta -1.

    Moving mean 1, variance 4 - 0.001: (2x - 1)/2 - 1 = (-0.5, 0.5, -4.5), ReLU
    (0, 0.5, 0). Time kernel (1, 10, 100) with zeros outside, bias -4: frame 0
    100 * 0.5 - 4 = 46, frame 1 10 * 0.5 - 4 = 1, frame 2 0.5 - 4 < 0, ReLU 0.
    Mean 47/3, gate kernel 3 ln 3 / 47: sigmoid(ln 3) = 3/4.
    """
    unit = ConvUnit(1, (3, 1, 1), OPTIONS, gating=True)
    built(unit, 1, 1, 1, 1, 1)
    put(unit.conv, 2)
    put(unit.batch_norm, -1, 1, 4 - 1e-3)
    put(unit.temporal, [1, 10, 100], -4)
    put(unit.self_gating, 3 * np.log(3) / 47)
    outputs = unit(np.float32([1, 2, -3]).reshape(1, 3, 1, 1, 1))
    np.testing.assert_allclose(
        outputs.numpy().ravel(), [34.5, 0.75, 0], rtol=1e-5
    )


def test_padding_of_an_even_clip_is_behind():
    """Kernel 3, stride 2, 4 frames: output i sees frames 2i, 2i+1, 2i+2.

    TF pads (0, 1); padding of one frame on either side would see 2i-1 .. 2i+1.
    """
    unit = ConvUnit(
        1, (3, 1, 1), UnitOptions(separable=False), strides=(2, 1, 1)
    )
    built(unit, 1, 1, 1, 1, 1)
    put(unit.conv, 1)
    put(unit.batch_norm, 0, 0, 1 - 1e-3)
    clips = np.eye(4).reshape(4, 4, 1, 1, 1)  # Clip k shows only frame k.
    seen = unit(np.float32(clips)).numpy().reshape(4, 2)
    np.testing.assert_allclose(seen, [[1, 0], [1, 0], [1, 1], [0, 1]])


def test_kernels_are_drawn_as_in_the_original(seed):
    """Truncated normal of 0.01, cut at two sigma: deviation 0.0088 (facts)."""
    unit = built(ConvUnit(64, (1, 3, 3), OPTIONS, gating=True), 1, 1, 1, 1, 64)
    for kernel in (unit.conv.kernel, unit.self_gating.transformer_W.kernel):
        values = kernel.numpy()
        assert abs(values.std() - 0.0088) < 2e-4
        assert abs(values).max() <= 0.02


def test_fan_in_kernels(seed):
    """Variance 2 / fan-in, 9 * 64 inputs: deviation 0.0589."""
    options = UnitOptions(fan_in_initializer=True)
    unit = built(ConvUnit(64, (1, 3, 3), options), 1, 1, 1, 1, 64)
    assert abs(unit.conv.kernel.numpy().std() - (2 / 576) ** 0.5) < 1e-3


def test_weight_decay_is_half_the_sum_of_squares():
    """Kernels of 2s: conv 9 * 4, temporal 3 * 4, gate 1 * 4 = 52, halved."""
    options = UnitOptions(weight_decay=0.1)
    unit = built(ConvUnit(1, (3, 3, 3), options, gating=True), 1, 3, 4, 4, 1)
    put(unit, *[2] * len(unit.weights))
    assert len(unit.losses) == 3
    np.testing.assert_allclose(sum(unit.losses), 0.1 * 52 / 2, rtol=1e-6)


def test_options_reach_batch_norm():
    options = UnitOptions(
        batch_norm_momentum=0.7,
        batch_norm_epsilon=0.2,
        synchronized_batch_norm=True,
    )
    layer = ConvUnit(1, (1, 1, 1), options).batch_norm
    assert (layer.momentum, layer.epsilon, layer.synchronized) == (
        0.7,
        0.2,
        True,
    )


FILTERS = (2, 9, 3, 8, 4, 5)


@pytest.mark.parametrize("gating", [False, True])
def test_branches_are_joined_in_order(gating):
    """Kernels 0, so branch k's output is its last unit's beta, k + 1.

    Time halves start as identity; gates see kernel 0, and sigmoid(0) = 1/2.
    """
    block = InceptionBlock(FILTERS, OPTIONS, gating=gating)
    built(block, 1, 2, 3, 3, 6)
    for v in block.weights:
        if "temporal" not in v.name and "moving" not in v.name:
            v.assign(tf.zeros_like(v))
    branches = (
        block.Branch_0,
        block.Branch_1,
        block.Branch_2,
        block.Branch_3,
    )
    for k, branch in enumerate(branches):
        branch[-1].batch_norm.beta.assign(
            tf.fill(branch[-1].batch_norm.beta.shape, k + 1.0)
        )
    expected = np.repeat([1.0, 2.0, 3.0, 4.0], [2, 3, 4, 5])
    outputs = block(tf.ones([1, 2, 3, 3, 6])).numpy()
    np.testing.assert_allclose(
        outputs,
        np.broadcast_to(expected / (2 if gating else 1), [1, 2, 3, 3, 14]),
        rtol=1e-6,
    )


def test_reductions_are_not_gated():
    """Four gates per block: the end of every branch (facts, 3)."""
    block = built(InceptionBlock(FILTERS, OPTIONS, gating=True), 1, 2, 3, 3, 6)

    def channels(part):
        return [v.shape[-1] for v in block.weights if part in v.name]

    assert channels("self_gating") == [2, 3, 4, 5]
    assert channels("temporal/kernel") == [3, 4]
    assert channels("BatchNorm/beta") == [2, 9, 3, 8, 4, 5]


@pytest.mark.parametrize("temporal_kernel", [1, 3])
def test_pooling_always_spans_three_frames(temporal_kernel):
    """Facts, 2: Branch_3 pools 3 x 3 x 3 also where convolutions see 1 frame.

    One bright pixel in the middle of 5 x 5 x 5; Branch_3 copies the pool.
    """
    block = InceptionBlock(
        (1, 1, 1, 1, 1, 1), OPTIONS, temporal_kernel=temporal_kernel
    )
    built(block, 1, 5, 5, 5, 1)
    for unit in block.Branch_3:
        put(unit.conv, 1)
        put(unit.batch_norm, 0, 0, 1 - 1e-3)
    clip = np.zeros([1, 5, 5, 5, 1], np.float32)
    clip[0, 2, 2, 2] = 1
    expected = np.zeros([5, 5, 5])
    expected[1:4, 1:4, 1:4] = 1
    np.testing.assert_allclose(block(clip)[0, ..., 3], expected, rtol=1e-6)
    has_time_half = block.Branch_1[1].temporal is not None
    assert has_time_half == (temporal_kernel == 3)
