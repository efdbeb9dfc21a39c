"""The classifier by hand."""

import numpy as np

from d3d_tf.layers.weight_decay import sum_of_losses
from d3d_tf.models.nextvlad.head import LogisticHead


def test_by_hand():
    """1 * 2 + 3 * 4 + 5; decay 0.1 * (2^2 + 4^2 + 5^2) / 2."""
    head = LogisticHead(1, 0.1)
    features = np.float32([[[1, 3]]])
    head(features)
    head.fully_connected.set_weights([np.float32([[2], [4]]), np.float32([5])])
    np.testing.assert_allclose(head(features), [[19.0]])
    np.testing.assert_allclose(head.pooled(features), [[1, 3]])
    np.testing.assert_allclose(sum_of_losses(head), 2.25)
