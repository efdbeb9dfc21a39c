"""PyTorch's layouts; the families' tests read whole files."""

import numpy as np
import pytest

from d3d_tf.models.torch_original import in_our_layout


@pytest.mark.parametrize(
    "shape, ours, there, here",
    [
        # A kernel in time and space, one of each channel, one in space.
        ((2, 3, 1, 5, 7), (1, 5, 7, 3, 2), (1, 2, 0, 4, 6), (0, 4, 6, 2, 1)),
        ((4, 1, 3, 5, 7), (3, 5, 7, 4), (1, 0, 2, 3, 5), (2, 3, 5, 1)),
        ((2, 3, 5, 7), (1, 5, 7, 3, 2), (1, 2, 4, 6), (0, 4, 6, 2, 1)),
        # Matrices: of a convolution here, and of a dense layer.
        ((2, 3), (1, 1, 1, 3, 2), (1, 2), (0, 0, 0, 2, 1)),
        ((2, 3), (3, 2), (1, 2), (2, 1)),
        ((4,), (4,), (3,), (3,)),
    ],
)
def test_layouts(shape, ours, there, here):
    value = np.arange(np.prod(shape)).reshape(shape)
    found = in_our_layout(value, ours)
    assert found.shape == ours and found.flags.c_contiguous
    assert found[here] == value[there]
