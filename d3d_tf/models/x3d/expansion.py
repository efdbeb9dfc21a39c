"""How X3D grows, and what it costs; numbers only.

Feichtenhofer, X3D (CVPR 2020), section 3.2 and 3.3: six axes, each a step that
about doubles the multiply-adds.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from d3d_tf.models.x3d.table import round_width, stages

AXES = ("fast", "temporal", "spatial", "depth", "width", "bottleneck")
# Of a factor; the paper's move along spatial is the square root of 2, of which
# its own sizes (112, 160, 224, 312) are steps of 1.4, rounded to eights.
SPATIAL, DEPTH, WIDTH, BOTTLENECK = 1.4, 2.2, 2.0, 2.25
# Steps on the way back.
_FINEST = {"depth": 0.1, "width": 0.1, "bottleneck": 0.05}


class Size(NamedTuple):
    """A network and its clips.

    Attributes:
      frames: of a clip.
      stride: stored frames from one to the next, a fraction while it shrinks.
      size: height and width.
      width, depth, bottleneck: factors, as in `table.Expansion`.
    """

    frames: int
    stride: float
    size: int
    width: float
    depth: float
    bottleneck: float

    @property
    def whole_stride(self) -> int:
        """That of real clips: rounded, at least 1."""
        return max(1, round(self.stride))


Cost = Callable[[Size], int]


def expanded(size: Size, axis: str) -> Size:
    """The next size along an axis; see `candidate`.

    `fast` doubles the frames of the same duration, `temporal` shows 1.5 times
    the duration in as many.
    """
    match axis:
        case "fast":
            return size._replace(frames=2 * size.frames, stride=size.stride / 2)
        case "temporal":
            return size._replace(
                frames=2 * size.frames, stride=size.stride * 0.75
            )
        case "spatial":
            return size._replace(size=8 * round(size.size * SPATIAL / 8))
        case "depth":
            return size._replace(depth=round(size.depth * DEPTH, 4))
        case "width":
            return size._replace(width=size.width * WIDTH)
        case "bottleneck":
            return size._replace(bottleneck=size.bottleneck * BOTTLENECK)
    raise ValueError(f"No axis {axis!r}; there are {', '.join(AXES)}.")


def candidate(size: Size, axis: str, cost: Cost) -> Size:
    """The next size along an axis that costs no more than twice as much.

    Of the paper's moves that of the width costs more: from X3D-L on, what is
    left of it is the 2.9 of X3D-XL.

    Args:
      size: from which to go.
      axis: one of `AXES`.
      cost: of a size, as `multiply_adds`.
    """
    after = expanded(size, axis)
    return contracted(size, after, axis, 2 * cost(size), cost)


def contracted(
    before: Size, after: Size, axis: str, budget: float, cost: Cost
) -> Size:
    """The largest size between two that costs no more than a budget.

    Args:
      before: which does not cost more.
      after: its step along the axis.
      axis: the one that is gone back on.
      budget: multiply-adds of a clip.
      cost: of a size, as `multiply_adds`.
    """
    for between in _between(before, after, axis):
        if cost(between) <= budget:
            return between
    return before


def _between(before: Size, after: Size, axis: str):
    """Sizes from `after` down to `before`."""
    if axis in ("fast", "temporal"):
        for frames in range(after.frames, before.frames, -1):
            # The same duration: fewer frames are further apart.
            stride = after.stride * after.frames / frames
            yield after._replace(frames=frames, stride=stride)
    elif axis == "spatial":
        for size in range(after.size, before.size, -8):
            yield after._replace(size=size)
    else:
        low, high = getattr(before, axis), getattr(after, axis)
        step = _FINEST[axis]
        for number in range(math.ceil((high - low) / step)):
            yield after._replace(**{axis: round(high - number * step, 2)})


def multiply_adds(size: Size, classes: int = 400, hidden: int = 2048) -> int:
    """Of one clip, as the paper counts: convolutions and the classifier.

    Args:
      size: of network and clip.
      classes: number of logits.
      hidden: channels of the layer before them.
    """
    rows = stages(size.width, size.depth, size.bottleneck)
    side = math.ceil(size.size / 2)
    places = size.frames * side**2
    before = rows[0].channels
    total = places * before * (9 * 3 + 5)
    for row in rows:
        for i in range(row.blocks):
            total += places * before * row.inner
            if i == 0:
                side = math.ceil(side / 2)
                places = size.frames * side**2
                total += places * before * row.channels  # The shortcut.
            total += places * row.inner * (27 + row.channels)
            if i % 2 == 0:
                total += 2 * row.inner * round_width(row.inner, 1 / 16)
            before = row.channels
    inner = rows[-1].inner
    return total + places * before * inner + hidden * (inner + classes)
