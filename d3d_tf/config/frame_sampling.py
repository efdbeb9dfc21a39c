"""Which frames of a video of features a student sees."""

from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from d3d_tf.sections import (
    Expected,
    OneOf,
    PositiveWhole,
    Whole,
    require,
    section,
)

# Frames of a video of YouTube-8M, with padding.
MAX_FRAMES = 300
WAYS = (
    *("all", "uniform", "random", "sequence"),
    *("first", "middle", "last", "first_middle_last"),
)


@section
class FrameSamplingRecipe:
    """k of the 300 frames of a video; Bhardwaj et al. (CVPR 2019)."""

    way: Annotated[str, OneOf(*WAYS)] = "all"
    """`uniform`: every so many frames, from the first on, of the video with its
    padding. `random`: drawn with replacement; `sequence`: one after another
    from a drawn place on, as the kit's `SampleRandomSequence`. The code of
    `first`, `middle`, `last` and `first_middle_last` was never released; they
    are of the video without padding, and ours."""
    k: PositiveWhole = 30
    """How many frames; with `uniform` every (300 // k)-th."""
    apart: Annotated[Whole, Ge(0), Expected("0 (of ~k) or more")] = 0
    """With `uniform`: every so many frames, whatever `k` says."""
    rounding: Annotated[str, OneOf("down", "up")] = "down"
    """Of the number of frames that `uniform` leaves of a video of n. `down`:
    n * k / 300, as in the code of H-RNN, so 0 of very short ones. `up`: as many
    as there are, n / `apart`, as NeXtVLAD's mask has it."""

    @property
    def every(self) -> int:
        """Every so many frames are seen with `uniform`."""
        return self.apart or max(1, MAX_FRAMES // self.k)

    @property
    def seen(self) -> int:
        """How many frames a network is given, padding included."""
        if self.way == "all":
            return MAX_FRAMES
        return -(-MAX_FRAMES // self.every) if self.way == "uniform" else self.k

    @property
    def draws(self) -> bool:
        """Whether other frames are seen in another epoch."""
        return self.way in ("random", "sequence")

    @model_validator(mode="after")
    def _check(self):
        require(
            self.k <= MAX_FRAMES and self.apart <= MAX_FRAMES,
            self,
            "apart" if self.apart > MAX_FRAMES else "k",
            f"at most {MAX_FRAMES}",
        )
        return self
