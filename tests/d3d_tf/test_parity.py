"""The networks are the original ones: goldens, and a float64 restatement.

The goldens are those of the TF-Slim graph that the D3D authors used and of
DeepMind's I3D, run on weights that are a function of their names (origin:
shared/goldens/networks/facts.md). For options without a golden the truth is
restatement.py. Tolerances: facts.md, section 10.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.inception.networks import I3D, S3D, S3DG, NonLocalS3DG
from tests.d3d_tf.golden_networks import (
    deepmind_name,
    fingerprint,
    golden_clip,
    golden_value,
    put,
    slim_names,
)
from tests.d3d_tf.restatement import Restatement, shapes

GOLDENS = json.loads((Path(__file__).parent / "goldens_s3dg.json").read_text())
I3D_SHAPES = {"separable": False, "first": 7, "gates_from": None}


def built(network, channels=3):
    network(tf.zeros([1, 2, 32, 32, channels]))
    return network


def norm(values) -> float:
    return float(np.linalg.norm(np.float64(values)))


# ----------------------------------------------------------------- goldens


@pytest.fixture(scope="module")
def network():
    """The Kinetics-400 network; no test changes it for good."""
    return built(S3DG(400, dropout=0.0))


@pytest.fixture(scope="module")
def weights():
    """The golden weights by name."""
    values = {n: golden_value(n, shape) for n, shape in shapes().items()}
    assert fingerprint(values) == GOLDENS["weights_sha256"], (
        "NumPy, a name or a shape is another; the network was not run"
    )
    return values


@pytest.fixture
def golden_network(network, weights):
    put(network, weights)
    return network


def case_clip(case):
    clip = golden_clip(case["seed"], case["shape"])
    assert hashlib.sha256(clip.tobytes()).hexdigest() == case["input_sha256"]
    return clip


def check_logits(logits, case, tolerance):
    """Relative L2 error of the 20 known logits; norm and winners of all."""
    logits = logits.numpy()
    first = np.array(case["first20"])
    assert norm(logits.ravel()[:20] - first) <= tolerance * norm(first)
    assert norm(logits) == pytest.approx(case["l2"], rel=tolerance)
    assert logits.argmax(-1).tolist() == case["argmax"]


def check_endpoints(features, case):
    for name, tensor in features.items():
        golden = case["endpoints"][name]
        assert list(tensor.shape) == golden["shape"], name
        assert norm(tensor) == pytest.approx(golden["l2"], rel=1e-4), name
    assert list(features) + ["Logits"] == list(case["endpoints"])


def test_inference_is_the_original(golden_network):
    case = GOLDENS["cases"]["2x8x64"]
    clip = case_clip(case)
    check_endpoints(golden_network.features(clip), case)
    check_logits(golden_network(clip), case, 3e-4)


def test_training_is_the_original(golden_network):
    """Batch statistics, the moving averages after one update, dropout off.

    Biased and unbiased variance differ by up to 1e-5 times the variance here:
    2e-6 tells them apart in the last blocks.
    """
    case = GOLDENS["cases"]["train_2x16x112"]
    logits = golden_network(case_clip(case), training=True)
    check_logits(logits, case, 1e-3)
    variables = slim_names(golden_network)
    assert len(case["after_one_update"]) == 114
    for name, golden in case["after_one_update"].items():
        values = variables[name].numpy()
        np.testing.assert_allclose(
            values[:5], golden["first5"], atol=2e-6, rtol=0, err_msg=name
        )
        total = np.float64(values).sum()
        assert abs(total - golden["sum"]) < 2e-6 * len(values), name


@pytest.mark.large
def test_inference_at_full_size(golden_network):
    case = GOLDENS["cases"]["16x224"]
    clip = case_clip(case)
    check_endpoints(golden_network.features(clip), case)
    check_logits(golden_network(clip), case, 3e-4)


def test_copied_goldens_are_the_goldens(goldens):
    """What the file beside this one says is what the origin says."""
    origin = json.loads((goldens / "networks" / "goldens.json").read_text())
    for name, case in GOLDENS["cases"].items():
        other = origin["cases"][f"slim_s3dg_k400/{name}"]
        assert other["weights_sha256"] == GOLDENS["weights_sha256"]
        assert other["logits_float64"]["first20"] == case["first20"]
        assert other["logits_float64"]["argmax"] == case["argmax"]
        assert other["input"]["sha256"] == case["input_sha256"]


def test_regularisation_is_the_original(golden_network):
    """1e-7 * sum(w^2) / 2 over 114 kernels."""
    losses = golden_network.losses
    assert len(losses) == 114
    np.testing.assert_allclose(
        sum(losses), GOLDENS["l2_regularization_loss"], rtol=1e-5
    )


@pytest.mark.parametrize(
    "case_name, to_name",
    [
        ("slim_i3d_k400/2x8x64", str),
        pytest.param(
            "deepmind_i3d_rgb/16x224", deepmind_name, marks=pytest.mark.large
        ),
    ],
)
def test_i3d_is_the_original(goldens, case_name, to_name):
    """TF-Slim's and DeepMind's; 58 penalties, of which DeepMind tells none."""
    origin = json.loads((goldens / "networks" / "goldens.json").read_text())
    case = origin["cases"][case_name]
    found = shapes(**I3D_SHAPES)
    values = {to_name(n): golden_value(to_name(n), found[n]) for n in found}
    assert fingerprint(values) == case["weights_sha256"]
    network = built(I3D(400))
    put(network, {name: values[to_name(name)] for name in found})
    clip = golden_clip(case["input"]["seed"], case["input"]["shape"])
    for name, tensor in network.features(clip).items():
        theirs = name
        if to_name is deepmind_name:
            theirs = name.replace("Conv2d", "Conv3d").replace(
                "Pool_", "Pool3d_"
            )
        golden = case["endpoints"][theirs]
        assert list(tensor.shape) == golden["shape"], name
        assert norm(tensor) == pytest.approx(golden["l2_64"], rel=1e-4), name
    logits = np.load(goldens / "networks" / case["npy"]["float64"])
    assert norm(network(clip) - logits) <= 1e-4 * norm(logits)
    assert len(network.losses) == 58
    if "l2_regularization_loss" in case:
        np.testing.assert_allclose(
            sum(network.losses), case["l2_regularization_loss"], rtol=1e-5
        )


# ------------------------------------------------------------- restatement

SMALL = {"depth_multiplier": 1 / 8, "min_depth": 8}
SMALL_SHAPES = {"multiplier": 1 / 8, "min_depth": 8, "classes": 7}


def compare(network, found, shape, tolerance, *, training=False, **head):
    """Logits, endpoints and moving averages of one clip."""
    values = {name: golden_value(name, each) for name, each in found.items()}
    for name in values:
        # Features are in the hundreds here: a softmax that is not all or none.
        if "/NonLocal/theta" in name or "/NonLocal/phi" in name:
            values[name] *= np.float32(0.02)
    put(built(network, shape[-1]), values)
    clip = golden_clip(5, shape)
    truth = Restatement(values, training=training)
    expected = truth.logits(clip, **head)
    if training:
        logits = network(clip, training=True)
        variables = slim_names(network)
        assert len(truth.updates) == sum("moving_" in name for name in found)
        for name, value in truth.updates.items():
            np.testing.assert_allclose(
                variables[name], value, atol=2e-6, rtol=0, err_msg=name
            )
    else:
        logits = network(clip)
        features = network.features(clip)
        assert list(features) == list(truth.endpoints)
        for name, tensor in features.items():
            error = norm(tensor.numpy() - truth.endpoints[name])
            assert error <= tolerance * norm(truth.endpoints[name]), name
    assert norm(logits.numpy() - expected) <= tolerance * norm(expected)


@pytest.mark.parametrize(
    "arguments, other_shapes",
    [
        ({}, {}),
        *(
            (
                {
                    "first_temporal_kernel": taps,
                    "final_endpoint": "Conv2d_2b_1x1",
                },
                {"first": taps, "final": "Conv2d_2b_1x1"},
            )
            for taps in (1, 5, 7)
        ),
        (
            {"temporal_conv_start_at": "Mixed_4d", "gating_start_at": None},
            {"temporal_from": "Mixed_4d", "gates_from": None},
        ),
        (
            {"temporal_conv_start_at": None, "final_endpoint": "Mixed_4c"},
            {"temporal_from": None, "final": "Mixed_4c"},
        ),
        # A start that is no convolution counts from there on.
        (
            {
                "temporal_conv_start_at": "MaxPool_5a_2x2",
                "gating_start_at": "MaxPool_4a_3x3",
            },
            {
                "temporal_from": "MaxPool_5a_2x2",
                "gates_from": "MaxPool_4a_3x3",
            },
        ),
        (
            {"depth_multiplier": 0.1, "min_depth": 3, "num_classes": 2},
            {"multiplier": 0.1, "min_depth": 3, "classes": 2},
        ),
        ({"head_pooling": "global"}, {}),
    ],
    ids=str,
)
def test_every_option_of_s3dg(arguments, other_shapes):
    """On 41 x 49 x 66: odd and even sizes, 6 feature frames, two channels.

    3e-4; a global head differs from the overlapping one by more (facts, 4).
    """
    network = S3DG(**({"num_classes": 7} | SMALL | arguments))
    compare(
        network,
        shapes(channels=2, **(SMALL_SHAPES | other_shapes)),
        [1, 41, 49, 66, 2],
        3e-4,
        final=arguments.get("final_endpoint", "Mixed_5c"),
        pooling=arguments.get("head_pooling", "overlapping"),
    )


NON_LOCAL = {"non_local": ("Mixed_5b", "Mixed_5c")}
FAMILY = [
    (S3D, {"gates_from": None}, 3e-4),
    (I3D, I3D_SHAPES, 1e-4),
    (NonLocalS3DG, NON_LOCAL, 3e-4),
]


SIZES = [
    (2, 11, 97, 97, 3),
    (1, 10, 112, 112, 3),
    (2, 1, 1, 1, 2),
    (1, 2, 260, 40, 3),  # 9 x 2 features: windows in space.
]


@pytest.mark.parametrize(
    "network, found, tolerance, shape",
    [
        pytest.param(
            *(*case, shape),
            # All networks have the first size, all sizes a network.
            marks=[pytest.mark.large] if 0 != j != i + 1 else [],
        )
        for i, case in enumerate(FAMILY)
        for j, shape in enumerate(SIZES)
    ],
)
def test_every_network_on_other_sizes(network, found, tolerance, shape):
    compare(
        network(7, **SMALL),
        shapes(channels=shape[-1], **(SMALL_SHAPES | found)),
        shape,
        tolerance,
    )


@pytest.mark.parametrize(
    "network, found", [(S3DG, {}), *(each[:2] for each in FAMILY)]
)
def test_every_network_in_training(network, found):
    """1e-3 for the logits, 2e-6 for the moving averages."""
    compare(
        network(7, dropout=0.0, **SMALL),
        shapes(**(SMALL_SHAPES | found)),
        [3, 24, 64, 64, 3],
        1e-3,
        training=True,
    )


@pytest.mark.large
@pytest.mark.parametrize(
    "network, found, tolerance",
    [(S3DG, {"classes": 600}, 3e-4), (I3D, I3D_SHAPES, 1e-4)],
)
def test_every_network_at_full_size(network, found, tolerance):
    """64 x 224 x 224: 7 overlapping windows."""
    classes = found.get("classes", 400)
    compare(network(classes), shapes(**found), [1, 64, 224, 224, 3], tolerance)
