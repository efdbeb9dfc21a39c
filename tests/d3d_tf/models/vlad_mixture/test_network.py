"""The head by hand."""

import numpy as np

from d3d_tf.models.vlad_mixture.config import MixtureRecipe
from d3d_tf.models.vlad_mixture.network import MixtureHead


def test_logits_are_weighed_by_the_gate():
    """Branches say 1 * 2, 3 * 4 and 5 * 6; the gate 0.5, 0.3, 0.2."""
    head = MixtureHead(1, MixtureRecipe())
    features = np.float32([[[1, 3, 5, 0.5, 0.3, 0.2]]])
    head(features)
    for own, weight in zip(head.heads, (2, 4, 6), strict=True):
        own.fully_connected.kernel.assign([[weight]])
    np.testing.assert_allclose(head(features), [[1 + 3.6 + 6]], rtol=1e-6)
    found = head.branch_logits(features)
    np.testing.assert_allclose(found, [[[2], [12], [30]]])
