"""Stages against DNR's released code; shortcuts, and what decays."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.dnr.relays import CrossLayer, CrossTemporal
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.residual import ResidualBlock, ResidualStage
from tests.d3d_tf.models.resnet import copied_goldens
from tests.d3d_tf.models.resnet.golden_resnet import (
    check_summary,
    golden_values,
    put,
    stage_names,
    tensor,
)

OPS = copied_goldens.load()["ops"]
# Rounding of float32, by the goldens' README; of gradients and sums, measured.
CLOSE, SLOPES = 2e-6, 1e-4


def golden_stage(case):
    """With the golden's weights, their names, and its clips."""
    recipe = ResNetRecipe(
        normaliser="dnr",
        frames_per_group=case["frames"] // case["groups"],
        bidirectional=case["bidirectional"],
        interlace=case["interlace"] or "none",
    )
    stage = ResidualStage(
        case["planes"], case["blocks"], recipe, case["stride"], name="layer"
    )
    # "relu(tensor(81, shape) + tensor(82, [N, T, 1, 1, C]))": the seeds.
    seed = int(case["x"].partition("tensor(")[2].partition(",")[0])
    shape = case["shape"]
    per_frame = tensor(seed + 1, [*shape[:2], 1, 1, shape[-1]])
    clip = np.maximum(tensor(seed, shape) + per_frame, 0)
    clip = tf.constant(clip, tf.float32)
    stage(clip)
    names = stage_names("layer", stage)
    put(names, golden_values(names, case["weights_seed"]))
    return stage, names, clip


@pytest.mark.parametrize("name", [n for n in OPS if n.startswith("stage/")])
def test_stage_is_the_original(name):
    """Both modes; gradients of a sum, and averages after a step."""
    case = OPS[name]
    stage, names, clip = golden_stage(case)
    check_summary(stage(clip), case["arrays"]["eval"], CLOSE)
    golden = case["arrays"]["train"]
    weights = np.float32(tensor(case["loss"]["seed"], golden["shape"]))
    with tf.GradientTape() as tape:
        tape.watch(clip)
        outputs = stage(clip, training=True)
        loss = tf.reduce_sum(outputs * weights)
    variables = [names[n].variable for n in case["grad_sum_of_squares"]]
    squares = [
        np.sum(np.square(np.float64(slope)))
        for slope in tape.gradient(loss, [clip, *variables])
    ]
    check_summary(outputs, golden, CLOSE)
    assert float(loss) == pytest.approx(case["loss"]["value"], rel=SLOPES)
    expected = [case["grad_x_sum_of_squares"]]
    expected += case["grad_sum_of_squares"].values()
    np.testing.assert_allclose(squares, expected, rtol=SLOPES)
    for variable, (first, last, mean) in case["after_one_update"].items():
        value = names[variable].variable.numpy()
        np.testing.assert_allclose(
            [value[0], value[-1], value.mean()],
            [first, last, mean],
            rtol=CLOSE,
            atol=CLOSE,
            err_msg=variable,
        )


@pytest.mark.parametrize(
    "model, stride, shortcut",
    [
        ("tsn_r18", 1, False),
        ("tsn_r18", 2, True),
        ("tsn_r50", 1, True),
        ("tsn_r50", 2, True),
    ],
)
def test_shortcuts(model, stride, shortcut):
    """A convolution in the first block, where channels or places change."""
    stage = ResidualStage(64, 3, ResNetRecipe(model=model), stride)
    first, *others = stage.blocks
    assert (first.downsample is not None) == shortcut
    assert all(block.downsample is None for block in others)


@pytest.mark.parametrize("model", ["tsn_r18", "tsn_r50"])
def test_where_dnr_is(model):
    """After the first convolution and the second; one cell for a stage."""
    stage = ResidualStage(
        8, 2, ResNetRecipe(model=model, normaliser="dnr"), stride=2
    )
    stage(tf.zeros([1, 4, 8, 8, 8]))
    for block in stage.blocks:
        assert isinstance(block.bn1, CrossLayer)
        assert isinstance(block.bn2, CrossTemporal)
    cells = {v.name for v in stage.variables if "lstm" in v.name}
    assert len(cells) == 3 * 8
    assert len({name for name in cells if "/block" not in name}) == 8


def test_the_shortcut_is_not_shifted():
    """With a branch of zeros a block is its input."""
    block = ResidualBlock(8, ResNetRecipe(model="tsm_r18"))
    clip = tf.random.stateless_uniform([1, 3, 4, 4, 8], [0, 1])
    block(clip)
    block.bn2.gamma.assign(tf.zeros(8))
    outputs, state = block(clip)
    np.testing.assert_array_equal(outputs, clip)
    assert state == ()


@pytest.mark.parametrize(
    "model, shifted",
    [("tsm_r50", [1, 1, 1]), ("tsm_r101", [1, 0, 1]), ("tsn_r101", [0] * 3)],
)
def test_which_blocks_shift(model, shifted):
    """Those whose first frame depends on the second."""
    recipe = ResNetRecipe(model=model, width_factor=1 / 8)
    stage = ResidualStage(8, 3, recipe, stride=1)
    clip = tf.random.stateless_uniform([1, 2, 4, 4, 32], [0, 1])
    other = tf.concat([clip[:, :1], 2 * clip[:, 1:]], axis=1)
    stage(clip)
    found = [
        np.any(block(clip)[0][:, 0] != block(other)[0][:, 0])
        for block in stage.blocks
    ]
    assert found == [bool(x) for x in shifted]


def test_the_stride_of_caffe():
    """In the first 1x1: a block without, of every second row and column."""
    clip = tf.random.stateless_uniform([1, 2, 7, 6, 32], [0, 1])
    blocks = [
        ResidualBlock(8, ResNetRecipe(style=style), stride=s, shortcut=True)
        for style, s in (("caffe", 2), ("pytorch", 1))
    ]
    theirs, plain = blocks
    theirs(clip), plain(clip[:, :, ::2, ::2])
    plain.set_weights(theirs.get_weights())
    found, _ = theirs(clip)
    assert found.shape == (1, 2, 4, 3, 32)
    wanted, _ = plain(clip[:, :, ::2, ::2])
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_what_decays():
    """Kernels, biases of cells, scales and shifts of two norms."""
    recipe = ResNetRecipe(normaliser="dnr")
    stage = ResidualStage(8, 1, recipe, stride=2)
    stage(tf.zeros([1, 4, 8, 8, 8]))
    decayed = stage.trainable_variables
    expected = sum(5e-5 * np.square(v).sum() for v in decayed)
    assert len(stage.losses) == len(decayed) == 4 + 2 * 8 + 4
    assert float(sum(stage.losses)) == pytest.approx(expected, rel=1e-5)
