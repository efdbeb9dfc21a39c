"""The mixture of experts by hand."""

import numpy as np
import tensorflow as tf

from d3d_tf.models.hrnn.head import ExpertsHead


def made(gates, experts) -> ExpertsHead:
    """One class, two experts, one feature that is 1."""
    head = ExpertsHead(1, 2, 0.0)
    head(np.ones([1, 1, 1], np.float32))
    head.gates.set_weights([np.float32([gates])])
    head.experts.set_weights([np.float32([experts]), np.zeros(2, np.float32)])
    return head


def test_by_hand():
    """Gates 1/2, 1/4, 1/4 (the last says no); experts 3/4 and 1/4."""
    head = made(np.log([2, 1, 1]), np.log([3, 1 / 3]))
    found = tf.sigmoid(head(np.ones([1, 1, 1], np.float32)))
    np.testing.assert_allclose(found, [[1 / 2 * 3 / 4 + 1 / 4 * 1 / 4]], 1e-6)


def test_near_0_and_1_nothing_is_lost():
    """p = 1 - e^-30 has no float32 but 1; its logit has."""
    for sign in 1, -1:
        head = made([40, 0, -40], [30 * sign, 0])
        found = head(np.ones([1, 1, 1], np.float32))
        np.testing.assert_allclose(found, [[30 * sign]], rtol=1e-4)
