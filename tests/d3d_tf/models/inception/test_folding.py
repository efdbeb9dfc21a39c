"""Folding changes the work, not the result, and what is wrong is found."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.fixed import Fixed
from d3d_tf.models.inception.blocks import ConvUnit
from d3d_tf.models.inception.folding import (
    fold_batch_norm,
    require_right_fold,
)
from d3d_tf.models.inception.networks import I3D, S3DG, NonLocalS3DG
from d3d_tf.models.network import FoldError
from tests.harness import enlarge_rounding, randomize


def made(kind, end="Mixed_3b"):
    network = kind(5, depth_multiplier=1 / 16, min_depth=4, final_endpoint=end)
    network(tf.zeros([1, 2, 32, 32, 3]))
    randomize(network)
    return network


@pytest.fixture(scope="module", params=[0, 1000], ids=["plain", "enlarging"])
def pair(request):
    """A network whose logits may enlarge rounding, and what it folds to."""
    network = made(S3DG)
    if request.param:
        enlarge_rounding(network, request.param)
    return network, fold_batch_norm(network)


@pytest.fixture
def units(pair):
    """`(own, folded)` of each; the folded ones may be changed."""
    pairs = list(zip(*map(units_of, pair), strict=True))
    constants = [
        (layer, layer.kernel, layer.bias)
        for _, unit in pairs
        for layer in unit.submodules
        if isinstance(layer, Fixed)
    ]
    yield pairs
    for layer, kernel, bias in constants:
        layer.kernel, layer.bias = kernel, bias


def units_of(network):
    return [u for u in network._flatten_layers() if isinstance(u, ConvUnit)]


@pytest.mark.parametrize(
    "kind, end",
    [
        (I3D, "Mixed_3b"),
        (NonLocalS3DG, "Mixed_5c"),
        pytest.param(I3D, "Mixed_5c", marks=pytest.mark.large),
    ],
)
def test_features_and_logits_stay(kind, end):
    """Relative L2: rounding of some twenty float32 layers. (test_family has
    the rest of what a folded network is.)
    """
    network = kind(5, depth_multiplier=0.1, min_depth=4, final_endpoint=end)
    network(tf.zeros([1, 2, 32, 32, 3]))
    # Statistics that are far from 0 and 1.
    randomize(network, seed=0)
    folded = fold_batch_norm(network)
    rng = np.random.default_rng(0)
    clip = rng.uniform(-1, 1, [2, 5, 40, 48, 3]).astype(np.float32)
    want, got = network(clip, training=False), folded(clip)
    assert np.linalg.norm(got - want) < 1e-4 * np.linalg.norm(want)
    features = folded.features(clip)
    for name, tensor in network.features(clip).items():
        distance = np.linalg.norm(features[name] - tensor)
        assert distance < 1e-4 * np.linalg.norm(tensor), name


def test_a_right_fold(pair):
    require_right_fold(*pair)


@pytest.mark.parametrize("kind, scale", [(S3DG, 1e-4), (I3D, 1e4)])
def test_a_right_fold_of_other_sizes(kind, scale):
    """Channels that hardly vary, and some that vary much."""
    network = made(kind)
    for unit in units_of(network):
        variance = unit.batch_norm.moving_variance
        variance.assign(variance * scale)
    require_right_fold(network, fold_batch_norm(network))


def with_epsilon(epsilon):
    """As if the normalisation's epsilon, 1e-3, were another one."""

    def change(own, folded):
        norm = own.batch_norm
        mean, variance, beta = (
            v.numpy().astype(np.float64)
            for v in (norm.moving_mean, norm.moving_variance, norm.beta)
        )
        scale = 1 / np.sqrt(variance + epsilon)
        kernel = own.conv.kernel.numpy() * scale
        folded.conv.kernel = kernel.astype(np.float32)
        folded.conv.bias = (beta - mean * scale).astype(np.float32)

    return change


def swapped_mean(own, folded):
    """Channel 0 is given the moving mean of channel 1 (scale: see above)."""
    norm = own.batch_norm
    mean, variance = norm.moving_mean.numpy(), norm.moving_variance.numpy()
    bias = folded.conv.bias.copy()
    bias[0] += (mean[0] - mean[1]) / np.sqrt(variance[0] + 1e-3)
    folded.conv.bias = bias


def dropped_bias(own, folded):
    folded.temporal.bias = None


def dropped_shift(own, folded):
    """Of one channel."""
    folded.conv.bias = np.append(folded.conv.bias[:-1], np.float32(0))


def no_mean(own, folded):
    folded.conv.bias = own.batch_norm.beta.numpy()


def a_gate_s_weight(own, folded):
    gates = folded.fixed_gates.transformer_W
    gates.kernel = gates.kernel.copy()
    gates.kernel[..., 0, 1] *= -1


def a_number_that_is_none(own, folded):
    folded.conv.kernel = folded.conv.kernel.copy()
    folded.conv.kernel[..., 0] = np.nan


# Index of a unit: the first, Conv2d_2b with its cancellation, the last block's.
@pytest.mark.parametrize(
    "place, change",
    [
        *((place, with_epsilon(0.0)) for place in (0, 1, -1)),
        *((place, with_epsilon(1e-5)) for place in (0, 1, -1)),
        *((place, swapped_mean) for place in (0, 1, 2, -1)),
        *((place, dropped_shift) for place in (0, 1, -3)),
        (0, no_mean),
        *((place, dropped_bias) for place in (2, -2)),
        *((place, a_gate_s_weight) for place in (2, -1)),
        (0, a_number_that_is_none),
    ],
)
def test_a_wrong_fold(pair, units, place, change):
    change(*units[place])
    name = units[place][0].conv.kernel.name.split("/conv/")[0]
    name = name.partition("/")[2]
    with pytest.raises(FoldError, match=rf"^{name}/[\w/]+, folded, differs"):
        require_right_fold(*pair)


def test_the_epsilon_that_it_has_is_right(pair, units):
    """The change itself is no fault: with 1e-3 it folds as it should."""
    for own, fixed in units:
        with_epsilon(1e-3)(own, fixed)
    require_right_fold(*pair)


def test_a_wrong_head(pair):
    """Nothing is folded into it; it is a copy."""
    logits = pair[1].head.logits
    bias = logits.bias
    logits.bias = bias + np.float32(0.01)
    with pytest.raises(FoldError, match="Logits/Conv2d_0c_1x1"):
        require_right_fold(*pair)
    logits.bias = bias
    require_right_fold(*pair)


@pytest.mark.large
def test_a_wrong_copy_in_a_block():
    network = made(NonLocalS3DG, "Mixed_5b")
    folded = fold_batch_norm(network)
    require_right_fold(network, folded)
    block = next(x for x in folded._flatten_layers() if hasattr(x, "theta"))
    block.theta.kernel = block.theta.kernel[..., ::-1]
    with pytest.raises(FoldError, match="NonLocal/theta"):
        require_right_fold(network, folded)
