"""Blocks: their start, their order, what is left out."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.x3d.blocks import (
    ResidualBlock,
    ResidualStage,
    SqueezeExcite,
    Stem,
)
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import Stage

STAGE = Stage(64, 160, 3)
RECIPE = X3DRecipe()


def made(layer, channels=64):
    layer(tf.zeros([1, 2, 4, 4, channels]))
    return layer


@pytest.mark.parametrize(
    "name, shape, outputs_times_taps",
    [
        ("a", (1, 1, 1, 64, 160), 160),
        # Torch's fan-out of a depthwise kernel: all channels, all taps.
        ("b", (3, 3, 3, 160), 160 * 27),
        ("c", (1, 1, 1, 160, 64), 64),
        ("branch1", (1, 1, 1, 64, 64), 64),
    ],
)
def test_kernels_start_with_variance_two_by_fan_out(
    seed, name, shape, outputs_times_taps
):
    block = made(ResidualBlock(STAGE, RECIPE, stride=2))
    kernel = getattr(block, name).kernel.numpy()
    assert kernel.shape == shape
    expected = (2 / outputs_times_taps) ** 0.5
    # 4 sigma of the spread of n draws: 4 / sqrt(2 n).
    share = 4 / (2 * kernel.size) ** 0.5
    assert kernel.std() == pytest.approx(expected, rel=share)
    assert abs(kernel.mean()) < 4 * expected / kernel.size**0.5
    # A normal that is not truncated.
    assert abs(kernel).max() > 2.5 * expected


def test_a_block_starts_as_its_shortcut(seed):
    """The scale of the last norm is 0, those of the others 1."""
    block = made(ResidualBlock(STAGE, RECIPE, squeeze_excite=True))
    clip = tf.random.normal([2, 3, 5, 5, 64])
    for training in False, True:
        outputs, state = block(clip, training=training)
        assert state == ()
        np.testing.assert_array_equal(outputs, tf.nn.relu(clip))
    assert not block.c_bn.gamma.numpy().any()
    for norm in block.a_bn, block.b_bn:
        np.testing.assert_array_equal(norm.gamma, np.ones(160))
        assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)
        assert norm.unbiased


def test_squeeze_excite_is_every_other_one_of_a_stage():
    for number in 2, 3:
        stage = ResidualStage(STAGE, RECIPE, number=number, index=1)
        assert [b.se is not None for b in stage.blocks] == [True, False, True]
    off = X3DRecipe(squeeze_excite=False)
    stage = ResidualStage(STAGE, off, number=2, index=0)
    assert all(block.se is None for block in stage.blocks)


def test_squeeze_excite_by_hand():
    """Mean 3; fc1 2 * 3 - 1 = 5 in one unit, fc2 5 - 5 = 0: half of x."""
    layer = SqueezeExcite(1, RECIPE)
    layer(tf.zeros([1, 1, 1, 1, 1]))
    kernel, bias = layer.fc1.weights
    assert kernel.shape == (1, 1, 1, 1, 8)
    kernel.assign(2 * tf.one_hot([[[[0]]]], 8))
    bias.assign(-tf.ones(8))  # ReLU: the other seven are 0.
    kernel, bias = layer.fc2.weights
    kernel.assign(tf.ones_like(kernel))
    bias.assign([-5.0])
    clip = tf.reshape(tf.constant([1.0, 5.0]), [1, 2, 1, 1, 1])
    assert layer(clip).numpy().ravel().tolist() == [0.5, 2.5]


@pytest.mark.parametrize("shortcut", ["slowfast", "pytorchvideo"])
def test_shortcuts(shortcut):
    """A convolution in the first block; its norm is missing in res2 alone."""
    recipe = X3DRecipe(shortcut=shortcut)
    for number in 2, 3, 4, 5:
        stage = ResidualStage(STAGE, recipe, number=number, index=0)
        first, *others = stage.blocks
        assert first.branch1 is not None
        missing = first.branch1_bn is None
        assert missing == (shortcut == "pytorchvideo" and number == 2)
        assert all(block.branch1 is None for block in others)


@pytest.mark.parametrize("by_stage", [True, False])
def test_rates_of_drop_connect(by_stage):
    """0.1 * stage / 5, or 0.1; each block draws for itself."""
    recipe = X3DRecipe(drop_connect=0.1, drop_connect_by_stage=by_stage)
    for number, rate in zip((2, 3, 4, 5), (0.04, 0.06, 0.08, 0.1), strict=True):
        stage = ResidualStage(STAGE, recipe, number=number, index=7)
        drops = [block.drop for block in stage.blocks]
        expected = rate if by_stage else 0.1
        assert [d.rate for d in drops] == [pytest.approx(expected)] * 3
        assert [d.index for d in drops] == [7, 8, 9]


def test_a_dropped_clip_is_its_shortcut(seed):
    """And what is kept counts for more: 1 / (1 - 0.5)."""
    recipe = X3DRecipe(drop_connect=0.5, drop_connect_by_stage=False)
    (block,) = ResidualStage(
        Stage(64, 160, 1), recipe, number=5, index=0
    ).blocks
    made(block)
    block.c_bn.gamma.assign(tf.ones(64))
    block.branch1_bn.beta.assign(tf.fill([64], 100.0))  # No ReLU cuts off.
    clip = tf.random.normal([64, 1, 2, 2, 64])
    without, _ = block(clip, training=False)
    short = block.branch1_bn(block.branch1(clip))
    for layer in block.a_bn, block.b_bn, block.c_bn, block.branch1_bn:
        layer.frozen_statistics = True
    branch = np.asarray(block(clip, training=True)[0] - short)
    whole = np.asarray(without - short)
    kept = np.array([abs(one).max() > 0 for one in branch])
    assert 16 <= kept.sum() <= 48  # Of 64, give or take 4 sigma.
    np.testing.assert_allclose(branch[kept], 2 * whole[kept], atol=1e-3)


def test_the_stem_has_nothing_between_its_convolutions():
    """Sign and size pass: conv(conv_xy(-x)) = -conv(conv_xy(x))."""
    stem = made(Stem(24, RECIPE), 3)
    assert stem.conv_xy.kernel.shape == (1, 3, 3, 3, 24)
    assert stem.conv.kernel.shape == (5, 1, 1, 24)
    clip = tf.random.stateless_normal([1, 3, 7, 8, 3], [0, 1])
    outputs = stem(clip)
    assert outputs.shape == (1, 3, 4, 4, 24)
    stem.bn.gamma.assign(-tf.ones(24))
    np.testing.assert_allclose(stem(-clip), outputs, atol=1e-6)


def test_what_decays():
    """All kernels and biases; no variable of a norm."""
    block = made(ResidualBlock(STAGE, RECIPE, stride=2, squeeze_excite=True))
    decayed = [v for v in block.trainable_variables if "_bn/" not in v.name]
    assert len(decayed) == len(block.losses) == 4 + 4
    expected = sum(2.5e-5 * np.square(v).sum() for v in decayed)
    assert float(sum(block.losses)) == pytest.approx(expected, rel=1e-5)
