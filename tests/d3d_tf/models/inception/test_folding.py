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
from d3d_tf.models.inception.networks import I3D, NonLocalS3DG
from tests.harness import randomize


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
