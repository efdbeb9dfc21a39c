"""Frames are RGB, flow is (u, v), features are those of picture and sound."""

from d3d_tf.streams import CHANNELS, FEATURES, PICTURES


def test_channels():
    assert CHANNELS == {"frames": 3, "flow": 2, "features": 1152}
    assert CHANNELS["features"] == sum(FEATURES.values())
    assert PICTURES == ("frames", "flow")
