"""TSN, TSM and DNR are the originals: goldens of MMAction2 and of DNR's code.

Their networks ran in float64 on weights that are a function of their names
(shared/goldens/dnr, of which the file beside this one is a part). What has no
golden is compared with restatement.py, which equals them.
"""

import json

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.evaluation.cost import measure_cost
from d3d_tf.models import make_network
from d3d_tf.models.resnet.config import ResNetRecipe
from tests.d3d_tf.models.resnet import copied_goldens
from tests.d3d_tf.models.resnet.golden_resnet import (
    check_summary,
    digest,
    fingerprint,
    golden_clip,
    golden_values,
    put,
    torch_names,
)

GOLDENS = copied_goldens.load()
NETWORKS = GOLDENS["tsn_tsm"] | GOLDENS["dnr_net"]
# Rounding of float32, by the goldens' README.
LOGITS, FEATURES, AVERAGES = 2e-5, 2e-5, 1e-5


def recipe_of(case: dict) -> ResNetRecipe:
    if "network" in case:
        return ResNetRecipe(model=f"{case['network']}_r50", dropout=0.0)
    return ResNetRecipe(
        normaliser="dnr",
        frames_per_group=case["frames"] // case["groups"],
        bidirectional=case["bidirectional"],
        interlace=case["interlace"] or "none",
        dropout=0.0,
    )


@pytest.fixture(scope="module")
def made():
    """Networks with the goldens' weights, which are made once."""
    weights: dict = {}

    def make(case):
        network = make_network(recipe_of(case), 400, "frames")
        names = torch_names(network)
        assert len(names) == len(network.variables)
        digest = case["weights_sha256"]
        if digest not in weights:
            weights[digest] = golden_values(names, case["weights_seed"])
            assert fingerprint(weights[digest]) == digest
        put(names, weights[digest])
        return network

    return make


def clip_of(case: dict) -> np.ndarray:
    clip = golden_clip(case["clip_seed"], case["clip_shape"])
    assert digest(clip) == case["clip_sha256"]
    frames = case.get("frames", clip.shape[1])
    return clip.reshape(-1, frames, *clip.shape[2:])


def with_large(names, fast) -> list:
    """Names of cases; in the slow tier, but for the fast ones."""
    return [
        name if name in fast else pytest.param(name, marks=pytest.mark.large)
        for name in names
    ]


FAST = ("tsn/1x8x64/train", "tsm/1x8x64", "dnr/1x8x64/g2/train")


@pytest.mark.parametrize("name", with_large(NETWORKS, FAST))
def test_networks_are_the_originals(made, name):
    """Logits, endpoints, and moving averages after a step.

    Views are clips of their own here, the mean of whose logits is the golden.
    """
    case = NETWORKS[name]
    network, clip = made(case), clip_of(case)
    training = case.get("training", False)
    logits, features = network.logits_and_features(clip, training)
    for endpoint, golden in case["endpoints"].items():
        check_summary(features[endpoint], golden, FEATURES)
    golden = case["arrays"]["value"]
    views = len(clip) // golden["shape"][0]
    mean = np.mean(np.reshape(logits, [-1, views, 400]), axis=1)
    check_summary(mean, golden, LOGITS)
    names = torch_names(network)
    for layer, golden in case.get("running_after_one_update", {}).items():
        found = []
        for leaf in "mean", "var":
            value = names[f"{layer}.running_{leaf}"].variable.numpy()
            found += [value[:4], [value.mean(dtype=np.float64)]]
        np.testing.assert_allclose(
            np.concatenate(found),
            np.hstack(golden),
            rtol=AVERAGES,
            atol=AVERAGES,
            err_msg=layer,
        )


# Trained parameters, and multiply-adds of a clip's dense layers.
COUNTS = {
    "tsn/1x8x64": (24_327_632, 819_200),
    "tsm/1x8x64": (24_327_632, 6_553_600),
    "dnr/1x8x64/g2": (28_366_864, 819_200 + 9_431_040),
    "dnr/1x8x64/g4": (28_366_864, 819_200 + 15_718_400),
}


@pytest.mark.parametrize("name", with_large(COUNTS, ("dnr/1x8x64/g4",)))
@pytest.mark.parametrize(
    "size, convolutions",
    [
        (224, 32_697_090_048),
        pytest.param(256, 42_706_403_328, marks=pytest.mark.large),
    ],
)
def test_counts(name, size, convolutions):
    """To the unit (shared/goldens/dnr/README.md, sections 3 and 4)."""
    network = make_network(recipe_of(NETWORKS[name]), 400, "frames")
    cost = measure_cost(network, (8, size, size, 3))
    trained, dense = COUNTS[name]
    assert cost.multiply_adds == convolutions + dense
    assert cost.trained_parameters == trained
    assert cost.parameters - trained == 53_120


@pytest.mark.large
@pytest.mark.parametrize("normaliser", ["batch_norm", "dnr"])
def test_names_and_shapes_are_the_originals(goldens, normaliser):
    file = {"batch_norm": "vars_tsn_r50", "dnr": "vars_tsn_r50_dnr"}
    path = goldens / "dnr" / f"{file[normaliser]}.json"
    theirs = {
        name: (kind, tuple(shape))
        for name, shape, kind in json.loads(path.read_text())
    }
    recipe = ResNetRecipe(normaliser=normaliser)
    names = torch_names(make_network(recipe, 400, "frames"))
    assert {n: (kind, s) for n, (_, kind, s) in names.items()} == theirs


def test_copied_goldens_are_the_goldens(goldens):
    assert copied_goldens.copied(goldens / "dnr") == GOLDENS


@pytest.mark.large
@pytest.mark.parametrize("name", ["tsm/1x8x64", "dnr/1x8x64/g4/bi"])
@pytest.mark.parametrize("how", ["folded", "xla"])
def test_faster_ways_are_the_originals(made, name, how):
    case = NETWORKS[name]
    network = made(case)
    forward = (
        network.folded(verified=True)
        if how == "folded"
        else tf.function(network, jit_compile=True)
    )
    check_summary(forward(clip_of(case)), case["arrays"]["value"], LOGITS)
