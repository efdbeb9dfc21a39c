"""Features of other widths."""

import numpy as np

from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.hrnn.network import build


def test_features_of_any_width():
    network = build(HRNNRecipe(cells=2), 3, 7)
    assert network.trunk.channels == 7
    assert network(np.ones([2, 5, 7], np.float32)).shape == [2, 3]
