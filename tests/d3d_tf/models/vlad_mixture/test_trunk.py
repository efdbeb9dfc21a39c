"""Whose variables are whose; all of the numbers are in test_parity.py."""

import numpy as np
import pytest

from tests.harness.tiny import VLAD_MIXTURE


def test_endpoints_are_those_of_the_branches():
    network = VLAD_MIXTURE.network()
    features = network.features(VLAD_MIXTURE.clips())
    alone = [t(VLAD_MIXTURE.clips()) for t in network.trunk.trunks]
    for name in ("vlad", "hidden"):
        theirs = np.concatenate([a[name] for a in alone], axis=-1)
        np.testing.assert_array_equal(features[name], theirs)
    gate = features["gated"][:, 0, -3:]
    np.testing.assert_allclose(np.sum(gate, axis=-1), 1.0, rtol=1e-6)


def test_names_tell_branches_apart():
    names = [v.name for v in VLAD_MIXTURE.network().variables]
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="nowhere.*vlad, hidden, gated"):
        VLAD_MIXTURE.network().trunk.layers_up_to("nowhere")
