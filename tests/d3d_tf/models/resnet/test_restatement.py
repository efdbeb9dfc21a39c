"""The restatement is the original, and all that we made is the restatement."""

import dataclasses
import functools

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models import make_network
from d3d_tf.models.resnet.config import ResNetRecipe
from tests.d3d_tf.models.resnet.golden_resnet import (
    check_summary,
    golden_values,
    put,
    torch_names,
)
from tests.d3d_tf.models.resnet.restatement import Restatement
from tests.d3d_tf.models.resnet.test_parity import (
    NETWORKS,
    clip_of,
    recipe_of,
    with_large,
)

# Rounding of float32, which deep networks of random weights enlarge. Where it
# decides for a ReLU near 0, all gradients before it jump: the restatement's own
# move by 3 % if the weights of the DNR of 34 layers are off by 6e-6.
CLOSE, DEEP = 1e-5, 5e-5
SLOPES, DEEP_SLOPES = 1e-2, 5e-2
# Twelve digits are kept of a golden.
FLOAT64 = 1e-10


def relative(found, expected) -> float:
    found, expected = np.float64(found), np.float64(expected)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@functools.cache
def values(normaliser: str) -> dict:
    """Of ResNet-50."""
    recipe = ResNetRecipe(normaliser=normaliser)
    return golden_values(torch_names(make_network(recipe, 400, "frames")))


FAST = ("dnr/1x8x64/g2/train", "dnr/1x8x64/g4/bi")


@pytest.mark.parametrize("name", with_large(NETWORKS, FAST))
def test_the_restatement_is_the_original(name):
    """In float64: logits, endpoints, and averages after a step."""
    case = NETWORKS[name]
    recipe, training = recipe_of(case), case.get("training", False)
    weights = values(recipe.normaliser)
    truth = Restatement(weights, recipe, training=training)
    logits = truth.logits(clip_of(case))
    golden = case["arrays"]["value"]
    views = len(logits) // golden["shape"][0]
    mean = np.mean(np.reshape(logits, [-1, views, 400]), axis=1)
    check_summary(mean, golden, FLOAT64)
    for endpoint, golden in case["endpoints"].items():
        check_summary(truth.endpoints[endpoint], golden, FLOAT64)
    for layer, golden in case.get("running_after_one_update", {}).items():
        found = []
        for leaf in "mean", "var":
            value = truth.variables[f"{layer}.running_{leaf}"].numpy()
            found += [value[:4], [value.mean()]]
        np.testing.assert_allclose(
            np.concatenate(found), np.hstack(golden), rtol=FLOAT64, atol=FLOAT64
        )


SMALL = {"width_factor": 1 / 8, "dropout": 0.0}
DNR = SMALL | {"normaliser": "dnr"}
LARGE = pytest.mark.large


def is_deep(changes) -> bool:
    return not changes.get("model", "").endswith("r18")


OPTIONS = [
    SMALL | {"model": "tsm_r18", "shift_div": 3},
    DNR | {"model": "tsn_r18", "interlace": "after_conv1"},
    DNR | {"model": "tsm_r18", "bidirectional": True, "statistics": "group"},
    DNR | {"model": "tsn_r18", "frames_per_group": 2, "statistics": "instance"},
    pytest.param(SMALL | {"model": "tsn_r34"}, marks=LARGE),
    pytest.param(SMALL | {"model": "tsn_r101"}, marks=LARGE),
    pytest.param(SMALL | {"model": "tsm_r50"}, marks=LARGE),
    pytest.param(DNR | {"model": "tsm_r34", "reduction": 2}, marks=LARGE),
    pytest.param(DNR | {"interlace": "before_conv1"}, marks=LARGE),
    pytest.param(DNR | {"statistics": "group"}, marks=LARGE),
]


def made(changes, training=False):
    recipe = ResNetRecipe(**changes)
    network = make_network(recipe, 7, "frames")
    names = torch_names(network)
    values = golden_values(names)
    put(names, values)
    truth = Restatement(values, recipe, training=training)
    return network, names, truth


@pytest.mark.parametrize("changes", OPTIONS, ids=str)
@pytest.mark.parametrize(
    "shape",
    [(2, 5, 65, 46), pytest.param((1, 1, 33, 224), marks=LARGE)],
    ids=str,
)
def test_every_option_and_other_sizes(changes, shape):
    """Endpoints and logits; 5 frames make groups of 4 and 1, or 2, 2, 1."""
    network, _, truth = made(changes)
    clip = np.random.default_rng(5).normal(size=[*shape, 3]).astype(np.float32)
    close = DEEP if is_deep(changes) else CLOSE
    expected = truth.logits(clip)
    logits, features = network.logits_and_features(clip)
    assert list(features) == list(truth.endpoints)
    for name, value in features.items():
        assert relative(value, truth.endpoints[name]) < close, name
    assert relative(logits, expected) < 2 * close


@pytest.mark.parametrize("changes", OPTIONS, ids=str)
def test_training_is_the_restatement(changes):
    """Logits of batch statistics, moving averages, and all gradients."""
    network, names, truth = made(changes, training=True)
    rng = np.random.default_rng(6)
    clip = rng.normal(size=[3, 5, 64, 70, 3]).astype(np.float32)
    upstream = rng.normal(size=[3, 7]).astype(np.float32)
    trained = [n for n in names if ".running_" not in n]
    start = {name: truth.variables[name] for name in trained}
    with tf.GradientTape() as tape:
        tape.watch(start)
        expected = truth.logits(clip)
        loss = tf.reduce_sum(expected * upstream)
    slopes = tape.gradient(loss, start)
    with tf.GradientTape() as tape:
        logits = network(clip, training=True)
        loss = tf.reduce_sum(logits * upstream)
    assert relative(logits, expected) < 2 * CLOSE
    found = tape.gradient(loss, [names[n].variable for n in trained])
    share = DEEP_SLOPES if is_deep(changes) else SLOPES
    largest = max(np.linalg.norm(slopes[n]) for n in trained)
    for name, slope in zip(trained, found, strict=True):
        wanted = slopes[name].numpy()
        gap = np.linalg.norm(np.float64(slope).reshape(wanted.shape) - wanted)
        limit = share * np.linalg.norm(wanted) + 1e-6 * largest
        assert gap < limit, name
    for name in set(names) - set(trained):
        np.testing.assert_allclose(
            names[name].variable,
            truth.variables[name],
            rtol=CLOSE,
            atol=CLOSE,
            err_msg=name,
        )


def test_recipes_differ():
    """Each of the options changes the logits: none is without effect."""
    clip = np.random.default_rng(5).normal(size=[1, 5, 40, 40, 3])
    plain = DNR | {"model": "tsn_r18"}
    recipe = ResNetRecipe(**plain)
    names = torch_names(make_network(recipe, 7, "frames"))
    values = golden_values(names)
    found = [
        Restatement(values, dataclasses.replace(recipe, **changes)).logits(clip)
        for changes in (
            {},
            {"interlace": "before_conv1"},
            {"interlace": "after_conv1"},
            {"bidirectional": True},
            {"frames_per_group": 2},
            {"statistics": "instance"},
            {"statistics": "group"},
        )
    ]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert relative(one, other) > 1e-2
