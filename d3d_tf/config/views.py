"""The sections of a recipe that say what is seen of a video."""

import dataclasses
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import model_validator

from d3d_tf.sections import (
    Expected,
    Flag,
    Later,
    Number,
    OneOf,
    PositiveWhole,
    Text,
    Whole,
    require,
    section,
)

Automatic = Annotated[Whole, Ge(0), Expected("0 (automatic) or more")]
Jitter = Annotated[Number, Ge(0), Le(1), Expected("0 (off) to 1")]


@section
class ClipRecipe:
    """What a network sees of a video."""

    frames: Automatic = 64
    """Length in time; 0: what the shortest video has, at most 64."""
    size: Automatic = 224
    """Height and width in pixels; 0: 7/8 of the stored short side (224 of 256
    in the paper), rounded down to a multiple of 16."""
    flip: Flag = True
    """Mirror half of the training clips; wrong where left and right are
    different classes, if `swap_on_flip` does not name them."""
    crop: Annotated[str, OneOf("random", "corners", "quarters")] = "random"
    """Of the training clips: `random`, anywhere; `corners`, the multi-scale
    corner crops of TSN; `quarters`, such crops in 13 places; see
    `data/crops.py`."""
    jitter_brightness: Jitter = 0.0
    """The most by which colours of training clips are changed, this and the
    next three; see `data/colour_jitter.py`."""
    jitter_contrast: Jitter = 0.0
    jitter_saturation: Jitter = 0.0
    jitter_hue: Annotated[
        Number, Ge(0), Le(0.5), Expected("0 (off) to 0.5")
    ] = 0.0
    stride: Annotated[PositiveWhole, Later()] = 1
    """Every how many-th stored frame is seen. Flow of a seen frame stays the
    motion to the next *stored* frame, in pixels per stored frame."""
    sampling: Annotated[str, OneOf("dense", "segments"), Later()] = "dense"
    """`dense`: successive frames, `stride` apart; `segments`: one frame of each
    of `frames` equal parts of the video (TSN, Wang et al. 2016)."""
    short_sides: Annotated[
        tuple[PositiveWhole, PositiveWhole] | None, Later()
    ] = None
    """Least and most pixels of the short side to which a training video is
    scaled before `size` is cropped at random; None: it stays as stored."""
    swap_on_flip: Annotated[tuple[tuple[Text, Text], ...], Later()] = ()
    """Pairs of class names that a mirror image swaps."""
    whole_strides: Annotated[Flag, Later()] = False
    """A dense training clip takes `frames` times `stride` stored frames, also
    those after its last one (MMAction2), and begins where these fit."""

    @property
    def span(self) -> int:
        """Stored frames from the first to the last of a dense clip."""
        return (self.frames - 1) * self.stride + 1

    @property
    def drawn_span(self) -> int:
        """Stored frames that a dense training clip takes."""
        whole = self.frames * self.stride
        return whole if self.whole_strides else self.span

    @property
    def needed(self) -> int:
        """Stored frames that a video must have for it to show none twice."""
        return self.frames if self.sampling == "segments" else self.span

    def when_shorter(self, repeats: bool = False) -> str:
        """What the clips of videos with fewer frames do, in words."""
        if self.sampling == "segments":
            return "show frames more than once"
        return "repeat their end" if repeats else "begin again at their end"

    @model_validator(mode="after")
    def _check(self):
        require(
            self.sampling == "dense" or self.stride == 1,
            self,
            "stride",
            "1 with ~sampling=segments, which spreads frames over the video",
        )
        if self.short_sides:
            low, high = self.short_sides
            require(
                max(self.size, 1) <= low <= high,
                self,
                "short_sides",
                f"[least, most], not below ~size ({self.size})",
            )
            require(
                self.crop == "random",
                self,
                "crop",
                "random with ~short_sides: other crops have scales of their "
                "own",
            )
        names = [name for pair in self.swap_on_flip for name in pair]
        require(
            len(set(names)) == len(names),
            self,
            "swap_on_flip",
            "pairs of class names, no name twice",
        )
        require(
            self.flip or not names,
            self,
            "swap_on_flip",
            "left out with ~flip=false",
        )
        return self


# Where an evaluation's clips begin: what the protocol says of it.
SPACINGS = {
    "to_the_end": "from the beginning to the end",
    "equal_parts": "at the beginning of equal parts",
    "sample_frames": "as MMAction2's SampleFrames",
    "dense_sample_frames": "as MMAction2's DenseSampleFrames",
    "middles": "in the middle of equal parts",
}


@section
class EvaluationRecipe:
    """The views of a video that are scored; their answers are pooled.

    Default: one centre clip, one centre crop. S3D's full-length protocol is
    `clip_frames=250`: 10 s at 25 frames per second in one clip.
    """

    clips: Annotated[Whole, Ge(1)] = 1
    """Spread evenly over the video; one: in the middle."""
    spacing: Annotated[str, OneOf(*SPACINGS), Later()] = "to_the_end"
    """`to_the_end`: the first clip at the beginning, the last at the end;
    `equal_parts`: clip k of K begins after k/K of the places where one can
    begin, so that the last is not at the end (SlowFast, X3D); `sample_frames`
    and `dense_sample_frames`: as MMAction2's transforms of these names;
    `middles`: in the middle of K equal parts, and short videos repeat their end
    (DNR's released configuration). `data/clip_frames.py` has the formulas."""
    past_the_end: Annotated[str, OneOf("loop", "repeat"), Later()] = "loop"
    """Where a video is shorter than a dense clip: it begins again, or the
    clip's last frame in it is repeated (MMAction2's `repeat_last`)."""
    crops: Annotated[int, OneOf(1, 3)] = 1
    """1, in the middle, or 3 along the longer side."""
    even_margins: Annotated[Flag, Later()] = False
    """Of 3 crops, the last is as far from the middle one as the first, to the
    pixel (MMAction2's ThreeCrop)."""
    clip_frames: Annotated[
        Whole, Ge(0), Expected("0 (that of the training clips) or more")
    ] = 0
    """Length of a clip; 0: that of the training clips."""
    scaled_short_side: Annotated[Automatic, Later()] = 0
    """Pixels of the short side to which a video is scaled before crops are cut;
    0: it stays as stored."""
    crop_size: Annotated[Automatic, Later()] = 0
    """Height and width of a crop; 0: that of the training clips."""
    pooling: Annotated[str, OneOf("mean", "max"), Later()] = "mean"
    """Of the answers to the views; `max` is X3D's for Charades."""
    precise_batch_norm: Annotated[Automatic, Later()] = 0
    """Training batches over which the statistics of batch normalisation are
    averaged anew when a training ends (SlowFast, X3D: 200); 0: they stay moving
    averages."""

    @property
    def repeats(self) -> bool:
        """Whether a video that is too short repeats its end."""
        return self.spacing == "middles" or self.past_the_end == "repeat"

    def clip_of(self, clip: ClipRecipe) -> ClipRecipe:
        """A view's length and size, all else as that of the training."""
        return dataclasses.replace(
            clip,
            frames=self.clip_frames or clip.frames,
            size=self.crop_size or clip.size,
            # The rest of it concerns training.
            short_sides=None,
        )
