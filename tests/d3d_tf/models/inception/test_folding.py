"""Folding changes the work, not the result."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.inception.blocks import ConvUnit, UnitOptions
from d3d_tf.models.inception.folding import (
    fold_batch_norm,
    fold_unit,
    make_constant,
)
from d3d_tf.models.inception.networks import I3D, S3DG, NonLocalS3DG
from tests.harness import randomize


@pytest.fixture(scope="module", params=[S3DG, I3D, NonLocalS3DG])
def networks(request):
    """A network whose statistics are far from 0 and 1, and its folded twin."""
    network = request.param(
        5, depth_multiplier=0.1, min_depth=4, recompute=True
    )
    network(tf.zeros([1, 2, 32, 32, 3]))
    randomize(network, seed=0)
    return network, fold_batch_norm(network)


def test_features_and_logits_stay(networks):
    """Relative L2: rounding of some twenty float32 layers."""
    network, folded = networks
    rng = np.random.default_rng(0)
    clip = rng.uniform(-1, 1, [2, 5, 40, 48, 3]).astype(np.float32)
    want, got = network(clip, training=False), folded(clip)
    assert np.linalg.norm(got - want) < 1e-4 * np.linalg.norm(want)
    features = folded.features(clip)
    for name, tensor in network.features(clip).items():
        distance = np.linalg.norm(features[name] - tensor)
        assert distance < 1e-4 * np.linalg.norm(tensor), name


def test_all_is_constant(networks):
    assert networks[1].variables == []


def test_the_original_is_untouched(networks):
    network, _ = networks
    before = [w.copy() for w in network.get_weights()]
    fold_batch_norm(network)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_by_hand():
    """w 2, x 3, mean 1, var 3.999, beta 0.5: (6 - 1) / 2 + 0.5 = 3."""
    unit = ConvUnit(1, (1, 1, 1), UnitOptions(separable=False))
    clip = tf.fill([1, 1, 1, 1, 1], 3.0)
    unit(clip)
    unit.conv.kernel.assign([[[[[2.0]]]]])
    unit.batch_norm.moving_mean.assign([1.0])
    unit.batch_norm.moving_variance.assign([4 - 1e-3])
    unit.batch_norm.beta.assign([0.5])
    assert unit(clip).numpy().item() == pytest.approx(3, rel=1e-6)
    make_constant(unit)
    fold_unit(unit)
    assert unit(clip).numpy().item() == pytest.approx(3, rel=1e-6)
    assert unit.conv.kernel.item() == pytest.approx(1, rel=1e-6)
    assert unit.conv.bias == pytest.approx([0], abs=1e-6)
