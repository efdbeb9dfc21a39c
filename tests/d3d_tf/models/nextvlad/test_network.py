"""Eigenvalues of the recipe, and where they are afterwards."""

import dataclasses

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.models import architecture, make_network
from d3d_tf.models.network import rebuilt
from tests.harness.tiny import NEXTVLAD


def test_eigenvalues_are_part_of_the_network(tmp_path):
    """It takes them along, and asks for the file no more."""
    path = tmp_path / "e.npy"
    np.save(path, np.full(1024, 9.0, np.float32))
    recipe = dataclasses.replace(NEXTVLAD.recipe, eigenvalues=str(path))
    network = make_network(recipe, 3, "features")
    clip = NEXTVLAD.clips()
    path.unlink()
    copy = rebuilt(network)
    np.testing.assert_array_equal(copy(clip), network(clip))
    whitening = copy.trunk.units[0].whitening
    np.testing.assert_allclose(whitening.deviations, 3.0001, rtol=1e-6)
    assert whitening.deviations not in network.trainable_variables
    with pytest.raises(UserError, match="network.eigenvalues=.*cannot be"):
        make_network(recipe, 3, "features")


def test_where_the_file_is_does_not_matter():
    one, other = (
        dataclasses.replace(NEXTVLAD.recipe, eigenvalues=path)
        for path in ("a.npy", "b.npy")
    )
    assert architecture(one) == architecture(other)
    assert architecture(one) != architecture(NEXTVLAD.recipe)
