"""Frames are RGB, flow is (u, v), features are those of picture and sound."""

from d3d_tf.streams import AUDIO_FEATURES, CHANNELS, PICTURES, RGB_FEATURES


def test_channels():
    assert CHANNELS == {"frames": 3, "flow": 2, "features": 1152}
    assert CHANNELS["features"] == RGB_FEATURES + AUDIO_FEATURES
    assert PICTURES == ("frames", "flow")
