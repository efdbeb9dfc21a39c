"""The layers of Inception-v1 in three dimensions; numbers only."""

from typing import NamedTuple

Triple = tuple[int, int, int]


class Conv(NamedTuple):
    """A `ConvUnit`."""

    channels: int
    kernel: Triple
    strides: Triple


class Pool(NamedTuple):
    """Max-pooling."""

    kernel: Triple
    strides: Triple


class Mixed(NamedTuple):
    """An `InceptionBlock`."""

    channels: tuple[int, int, int, int, int, int]


# Endpoint: layer. After it, [time, height, width, channels] of its output for
# a clip of 64 x 224 x 224.
TRUNK: dict[str, Conv | Pool | Mixed] = {
    "Conv2d_1a_7x7": Conv(64, (7, 7, 7), (2, 2, 2)),  # 32 112 112 64
    "MaxPool_2a_3x3": Pool((1, 3, 3), (1, 2, 2)),  # 32 56 56 64
    "Conv2d_2b_1x1": Conv(64, (1, 1, 1), (1, 1, 1)),  # 32 56 56 64
    "Conv2d_2c_3x3": Conv(192, (3, 3, 3), (1, 1, 1)),  # 32 56 56 192
    "MaxPool_3a_3x3": Pool((1, 3, 3), (1, 2, 2)),  # 32 28 28 192
    "Mixed_3b": Mixed((64, 96, 128, 16, 32, 32)),  # 32 28 28 256
    "Mixed_3c": Mixed((128, 128, 192, 32, 96, 64)),  # 32 28 28 480
    "MaxPool_4a_3x3": Pool((3, 3, 3), (2, 2, 2)),  # 16 14 14 480
    "Mixed_4b": Mixed((192, 96, 208, 16, 48, 64)),  # 16 14 14 512
    "Mixed_4c": Mixed((160, 112, 224, 24, 64, 64)),  # 16 14 14 512
    "Mixed_4d": Mixed((128, 128, 256, 24, 64, 64)),  # 16 14 14 512
    "Mixed_4e": Mixed((112, 144, 288, 32, 64, 64)),  # 16 14 14 528
    "Mixed_4f": Mixed((256, 160, 320, 32, 128, 128)),  # 16 14 14 832
    "MaxPool_5a_2x2": Pool((2, 2, 2), (2, 2, 2)),  # 8 7 7 832
    "Mixed_5b": Mixed((256, 160, 320, 32, 128, 128)),  # 8 7 7 832
    "Mixed_5c": Mixed((384, 192, 384, 48, 128, 128)),  # 8 7 7 1024
}
ENDPOINTS = tuple(TRUNK)
