"""The whitening by hand; all of a network is in test_parity.py."""

import numpy as np
import tensorflow as tf

from d3d_tf.models.nextvlad.layers import Whitening


def test_whitening_by_hand():
    """Of an eigenvalue of 4: (1 - 4/512) * (2 + 1e-4); sound stays."""
    layer = Whitening()
    clip = tf.ones([1, 1, 1152])
    layer(clip)
    layer.of_eigenvalues(np.full([2048, 1], 4.0))
    found = layer(clip).numpy()[0, 0]
    expected = (1 - 4 / 512) * (2 + 1e-4)
    np.testing.assert_allclose(found[:1024], expected, rtol=1e-6)
    np.testing.assert_array_equal(found[1024:], 1.0)
