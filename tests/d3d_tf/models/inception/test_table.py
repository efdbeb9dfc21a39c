"""The table, against the sizes of the papers."""

import math

from d3d_tf.models.inception.table import ENDPOINTS, TRUNK, Mixed


def test_strides_and_channels_are_those_of_i3d():
    """I3D, figure 3: 8 frames and 7 x 7 pixels of 64 x 224 x 224 are left."""
    assert ENDPOINTS[0] == "Conv2d_1a_7x7" and ENDPOINTS[-1] == "Mixed_5c"
    strides = [r.strides for r in TRUNK.values() if not isinstance(r, Mixed)]
    assert [math.prod(axis) for axis in zip(*strides, strict=True)] == [
        8,
        32,
        32,
    ]
    # Inception-v1, table 1: 256, 480, 512 ... 832, 1024.
    outputs = {
        name: r.channels[0] + r.channels[2] + r.channels[4] + r.channels[5]
        for name, r in TRUNK.items()
        if isinstance(r, Mixed)
    }
    assert list(outputs.values()) == [
        256, 480, 512, 512, 512, 528, 832, 832, 1024,
    ]  # fmt: skip
