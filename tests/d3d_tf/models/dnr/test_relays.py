"""Both relays against the released code, and what is ours by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.dnr.cell import RelayCell
from d3d_tf.models.dnr.relays import CrossLayer, CrossTemporal
from d3d_tf.models.resnet.blocks import batch_norm
from d3d_tf.models.resnet.config import ResNetRecipe
from tests.d3d_tf.models.resnet import copied_goldens
from tests.d3d_tf.models.resnet.golden_resnet import (
    Named,
    cell_names,
    check_summary,
    golden_values,
    put,
    tensor,
)

OPS = copied_goldens.load()["ops"]
CT = [name for name in OPS if name.startswith("ct/")]
# Rounding of float32, by the goldens' README; of gradients, measured.
CLOSE, SLOPES = 2e-6, 1e-5


def recipe(**changes) -> ResNetRecipe:
    return ResNetRecipe(normaliser="dnr", **changes)


def cross_layer():
    return CrossLayer(recipe(), batch_norm(recipe(), "norm", affine=False))


def cross_temporal_of(channels, recipe):
    norm = batch_norm(recipe, "norm", affine=False)
    return CrossTemporal(channels, recipe, norm)


def averages(norm) -> dict[str, Named]:
    shape = tuple(norm.moving_mean.shape)
    return {
        "bn.running_mean": Named(norm.moving_mean, "mean", shape),
        "bn.running_var": Named(norm.moving_variance, "var", shape),
    }


def check_averages(case, norm):
    for name, named in averages(norm).items():
        value = named.variable.numpy()
        first, last, mean = case["after_one_update"][name.partition(".")[2]]
        np.testing.assert_allclose(
            [value[0], value[-1], value.mean()],
            [first, last, mean],
            rtol=CLOSE,
            atol=CLOSE,
        )


class Told:
    """A cell whose answers are known."""

    def __init__(self, h, c):
        self.state = tf.constant(h, tf.float32), tf.constant(c, tf.float32)

    def __call__(self, inputs, state):
        return self.state


@pytest.mark.parametrize("training", [False, True])
def test_cross_layer_is_the_original(training):
    case = OPS["cl/2x4x3x5x8"]
    layer = cross_layer()
    clip = tf.constant(tensor(**case["x"]), tf.float32)
    cell = Told(1 / (1 + np.exp(-tensor(52, [2, 8]))), tensor(53, [2, 8]))
    layer(clip, (), cell)
    names = averages(layer.norm)
    put(names, golden_values(names, case["weights_seed"]))
    outputs, state = layer(clip, (), cell, training=training)
    golden = case["arrays"]["train" if training else "eval"]
    check_summary(outputs, golden, CLOSE)
    assert state == cell.state
    if training:
        check_averages(case, layer.norm)


def cross_temporal(case, **changes):
    """A layer with the golden's weights, their names, and its clips."""
    layer = cross_temporal_of(
        case["shape"][-1],
        recipe(
            frames_per_group=case["frames_per_group"],
            bidirectional=case["bidirectional"],
            **changes,
        ),
    )
    # "tensor(61, ...) + 0.3 * tensor(62, ...)": the seeds.
    seed = int(case["x"].partition("(")[2].partition(",")[0])
    shape = case["shape"]
    per_frame = tensor(seed + 1, [*shape[:2], 1, 1, shape[-1]])
    clip = tensor(seed, shape, 1.5, 0.4) + 0.3 * per_frame
    clip = tf.constant(clip, tf.float32)
    layer(clip)
    names = averages(layer.norm) | cell_names("", layer.lstm)
    put(names, golden_values(names, case["weights_seed"]))
    return layer, names, clip


@pytest.mark.parametrize("name", CT)
def test_cross_temporal_in_inference_is_the_original(name):
    """Also where the graph does not know the number of frames."""
    case = OPS[name]
    layer, _, clip = cross_temporal(case)
    golden = case["arrays"]["eval"]
    check_summary(layer(clip, training=False), golden, CLOSE)
    shape = [None, None, *case["shape"][2:]]
    graph = tf.function(layer, input_signature=[tf.TensorSpec(shape)])
    check_summary(graph(clip), golden, CLOSE)


@pytest.mark.parametrize("name", CT)
def test_cross_temporal_in_training_is_the_original(name):
    case = OPS[name]
    layer, names, clip = cross_temporal(case)
    weights = tensor(case["loss"]["seed"], case["shape"])
    with tf.GradientTape() as tape:
        tape.watch(clip)
        outputs = layer(clip, training=True)
        loss = tf.reduce_sum(outputs * np.float32(weights))
    variables = [names[n].variable for n in case["grad_sum_of_squares"]]
    to_clip, *slopes = tape.gradient(loss, [clip, *variables])
    check_summary(outputs, case["arrays"]["train"], CLOSE)
    check_summary(to_clip, case["arrays"]["train_grad_x"], SLOPES)
    squares = [np.sum(np.square(np.float64(slope))) for slope in slopes]
    expected = [*case["grad_sum_of_squares"].values()]
    np.testing.assert_allclose(squares, expected, rtol=SLOPES)
    check_averages(case, layer.norm)


def test_a_shorter_last_group(seed):
    """5 frames in groups of 2: the first 4 are those of a clip of 4, and the
    fifth is a group of its own, of its own mean and statistics.
    """
    case = OPS["ct/2x8x2x3x16/g4"]
    layer, _, clip = cross_temporal(case)
    five = layer(clip[:, :5], training=False)
    np.testing.assert_allclose(
        five[:, :4], layer(clip[:, :4], training=False), atol=1e-6
    )
    twice = tf.concat([clip[:, :5], clip[:, 4:5]], axis=1)
    six = layer(twice, training=False)
    np.testing.assert_allclose(five, six[:, :5], atol=1e-6)
    trained = layer(clip[:, :5], training=True)
    again = layer(twice, training=True)
    np.testing.assert_allclose(trained, again[:, :5], atol=1e-5)


def test_a_clip_alone_has_its_own_statistics():
    """Instance and group statistics: one clip does not see another."""
    case = OPS["ct/2x8x2x3x16/g2"]
    for statistics in "instance", "group":
        layer = cross_temporal_of(16, recipe(statistics=statistics))
        clip = cross_temporal(case)[2]
        both = layer(clip, training=True)
        for i in range(2):
            alone = layer(clip[i : i + 1], training=True)
            np.testing.assert_allclose(both[i : i + 1], alone, atol=1e-5)


@pytest.mark.parametrize("frames", [8, 5])
def test_unknown_lengths_are_trained_alike(frames):
    """As in a module that is trained further: outputs, slopes, averages."""
    case = OPS["ct/2x8x2x3x16/g4/bi"]
    found = []
    for known in True, False:
        layer, _, clip = cross_temporal(case)

        def step(clip, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(clip)
                outputs = layer(clip, training=True)
                loss = tf.reduce_sum(outputs**2)
            sources = [clip, *layer.trainable_variables]
            return outputs, tape.gradient(loss, sources)

        spec = tf.TensorSpec([None, None, 2, 3, 16])
        run = step if known else tf.function(step, input_signature=[spec])
        outputs, slopes = run(clip[:, :frames])
        found.append([outputs, *slopes, *layer.non_trainable_variables])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


def test_half_precision_is_relayed_in_float32(precision):
    precision("mixed_float16")
    layer = cross_temporal_of(8, recipe())
    outputs = layer(tf.ones([1, 4, 2, 2, 8], tf.float16))
    assert outputs.dtype == tf.float16
    assert {v.dtype for v in layer.variables} == {tf.float32}


def test_both_relays_share_nothing():
    """A cross-layer norm has statistics alone, the cell is the stage's."""
    layer = cross_layer()
    cell = RelayCell(8, recipe())
    layer(tf.zeros([1, 2, 3, 3, 8]), cell.start(1), cell)
    assert layer.trainable_variables == [] and len(layer.variables) == 2
