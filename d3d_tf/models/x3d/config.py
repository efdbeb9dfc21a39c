"""The section `network` of a recipe with a network of this family."""

from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.network_recipe import Channels, PositiveChannels
from d3d_tf.models.x3d.table import ENDPOINTS, MODELS, Expansion, stages
from d3d_tf.sections import (
    Expected,
    Flag,
    Later,
    NotNegative,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    Whole,
    require,
    section,
)

Factor = Annotated[
    Positive | None, Expected("above 0, or null (the model's own)")
]
Automatic = Annotated[Whole, Ge(0), Expected("0 (all) or more")]
Length = Annotated[
    PositiveWhole | None, Expected("1 or more, or null (the model's own)")
]


@section
class X3DRecipe(RelayRecipe):
    """X3D in all sizes, its ablations, and everything in between."""

    model: Annotated[str, OneOf(*MODELS)] = "x3d_s"
    pixel_mean: Annotated[Channels, Later()] = (0.45, 0.45, 0.45)
    pixel_std: Annotated[PositiveChannels, Later()] = (0.225, 0.225, 0.225)
    width_factor: Factor = None
    """Of all channels; 2 is the factor 1 of the paper."""
    depth_factor: Factor = None
    """Of the blocks per stage,"""
    bottleneck_factor: Factor = None
    """and of the inner channels of a block. None: the model's own."""
    head_channels: PositiveWhole = 2048
    """Of the layer before the classifier."""
    head_frames: Length = None
    """The head averages windows of the features of a clip of so many frames"""
    head_size: Length = None
    """and of this size, as long and large as those it was trained on."""
    channelwise: Flag = True
    """False: a 3x1x1 and a dense 1x3x3 convolution (table A.1, "- CW conv")."""
    squeeze_excite: Flag = True
    """In every other block, from the first of each stage on."""
    swish: Flag = True
    """False: ReLU everywhere."""
    shortcut: Annotated[str, OneOf("slowfast", "pytorchvideo")] = "slowfast"
    """`pytorchvideo` leaves out batch normalisation in the shortcut of res2."""
    dropout: Share = 0.5
    drop_connect: Share = 0.0
    """Share of the clips that a residual branch is left out of, in res5."""
    drop_connect_by_stage: Flag = True
    """Res2 to res5 have 2/5 to 5/5 of it. False: all blocks have it."""
    weight_decay: NotNegative = 5e-5
    batch_norm_momentum: Share = 0.9
    batch_norm_epsilon: Positive = 1e-5
    batch_norm_clips: Automatic = 0
    """Clips that are normalised by their common statistics in training: 8 in
    the paper, which has so many on a GPU. 0: all that a device has."""
    synchronized_batch_norm: Flag = False
    recompute: Annotated[Flag, Later()] = False
    """In training, keep only what passes between blocks, and compute the rest
    a second time in the backward pass."""

    @property
    def expansion(self) -> Expansion:
        """The factors and lengths, the model's own where none are given."""
        own = MODELS[self.model]
        return Expansion(
            self.width_factor or own.width,
            self.depth_factor or own.depth,
            self.bottleneck_factor or own.bottleneck,
            self.head_frames or own.frames,
            self.head_size or own.size,
        )

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS

    @model_validator(mode="after")
    def _check(self):
        require(
            not (self.batch_norm_clips and self.synchronized_batch_norm),
            self,
            "batch_norm_clips",
            "0 with ~synchronized_batch_norm, which takes the whole batch",
        )
        width, depth, bottleneck = self.expansion[:3]
        require(
            all(stage.inner for stage in stages(width, depth, bottleneck)),
            self,
            "bottleneck_factor",
            "so large that all blocks have inner channels",
        )
        return self


RECIPE = X3DRecipe
