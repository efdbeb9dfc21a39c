"""The ResNets, as in torchvision; numbers only.

He et al., Deep Residual Learning (CVPR 2016), table 1.
"""

from typing import NamedTuple

ENDPOINTS = ("stem", "maxpool", "layer1", "layer2", "layer3", "layer4")
# Inner channels of the stages; the stem is as wide as the first.
PLANES = (64, 128, 256, 512)


class Layout(NamedTuple):
    """What tells the models apart.

    Attributes:
      shifted: TSM, whose blocks see channels of the frames before and after.
      bottleneck: blocks of a 1x1, a 3x3 and a 1x1 convolution to four times
        the channels; else of two 3x3.
      blocks: per stage.
    """

    shifted: bool
    bottleneck: bool
    blocks: tuple[int, int, int, int]

    @property
    def shift_every(self) -> int:
        """TSM shifts in one of so many blocks, from a stage's first on.

        So do Lin et al. and MMAction2: half of those of ResNet-101.
        """
        return 2 if self.blocks[2] >= 23 else 1

    @property
    def expansion(self) -> int:
        """Channels of a block's output per inner channel."""
        return 4 if self.bottleneck else 1


_DEPTHS = {
    "r18": (False, (2, 2, 2, 2)),
    "r34": (False, (3, 4, 6, 3)),
    "r50": (True, (3, 4, 6, 3)),
    "r101": (True, (3, 4, 23, 3)),
}
MODELS = {
    f"{name}_{depth}": Layout(name == "tsm", *layout)
    for name in ("tsn", "tsm")
    for depth, layout in _DEPTHS.items()
}


def planes(width_factor: float) -> tuple[int, ...]:
    """Inner channels of the stages: multiples of 8, as CPUs like them."""
    return tuple(
        max(8, round(width * width_factor / 8) * 8) for width in PLANES
    )
