"""Frames are RGB, flow is (u, v)."""

from d3d_tf.streams import CHANNELS


def test_channels():
    assert CHANNELS == {"frames": 3, "flow": 2}
