"""The rules that make every X3D from three factors; numbers only.

Feichtenhofer, X3D: Expanding Architectures for Efficient Video Recognition,
CVPR 2020. Rounding is that of pytorchvideo, which alone gives the paper's cost
of X3D-XL: SlowFast's own rounds widths to 1 (`../shared/docs/methods.md`, 3.1).
"""

import math
from typing import NamedTuple

STAGES = ("res2", "res3", "res4", "res5")
ENDPOINTS = ("stem", *STAGES, "conv5")
# Of a width and a depth factor of 1; the stem is as wide as res2.
WIDTHS = (12, 24, 48, 96)
DEPTHS = (1, 2, 5, 3)
# Rows and columns of the clip per one of a stage's features.
STRIDE = 32


class Expansion(NamedTuple):
    """What tells the models apart.

    Attributes:
      width, depth, bottleneck: factors.
      frames, size: of the clips that the model was trained on. The width of
        the paper's X2D is 2 here.
    """

    width: float
    depth: float
    bottleneck: float
    frames: int
    size: int


MODELS = {
    "x3d_xs": Expansion(2.0, 2.2, 2.25, 4, 160),
    "x3d_s": Expansion(2.0, 2.2, 2.25, 13, 160),
    "x3d_m": Expansion(2.0, 2.2, 2.25, 16, 224),
    "x3d_l": Expansion(2.0, 5.0, 2.25, 16, 312),
    "x3d_xl": Expansion(2.9, 5.0, 2.25, 16, 312),
}


class Stage(NamedTuple):
    """One of res2 to res5.

    Attributes:
      channels: of its output.
      inner: channels of its 3x3x3 convolutions.
      blocks: how many.
    """

    channels: int
    inner: int
    blocks: int


def stages(width: float, depth: float, bottleneck: float) -> tuple[Stage, ...]:
    """All four, of a model with these factors."""
    found = []
    for base, blocks in zip(WIDTHS, DEPTHS, strict=True):
        channels = round_width(base, width)
        # The inner width is cut off and not rounded to eights.
        inner = int(bottleneck * channels)
        found.append(Stage(channels, inner, math.ceil(blocks * depth)))
    return tuple(found)


def round_width(width: float, factor: float) -> int:
    """The nearest multiple of 8 that is not below 90 % of the product."""
    product = width * factor
    rounded = max(8, int(product + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * product else rounded
