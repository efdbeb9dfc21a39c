"""One number for every plane and pixel, none shared."""

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import layout
from d3d_tf.tfrecords.flow.solver import Solver


def test_a_plane_of_the_solver_is_where_the_layout_says():
    """`state[(row * PLANES + plane) * pitch + MARGIN + x]`, row y + 1."""
    scale = Solver(16, 20, FlowRecipe(scales=1)).scales[0]
    scale.state[:] = np.arange(len(scale.state))
    rows = scale.rows()
    assert rows.shape == (16, 11, 20)
    for y, plane, x in [(0, layout.U, 0), (3, layout.VALUE, 19), (15, 4, 7)]:
        place = ((y + 1) * 11 + plane) * scale.pitch + layout.MARGIN + x
        assert rows[y, plane, x] == scale.state[place]
    assert scale.plane_start(3) == 11 * scale.pitch + 3 * scale.pitch + 16
    # The first pixel of every plane begins a vector of 64 bytes.
    assert rows[:, :, 0].ctypes.data % 64 == 0
    assert scale.pitch % 16 == 0 and layout.MARGIN % 16 == 0
