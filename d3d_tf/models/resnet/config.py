"""The section `network` of a recipe with a network of this family."""

from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.network_recipe import Channels, PositiveChannels
from d3d_tf.models.resnet.table import ENDPOINTS, MODELS, Layout, planes
from d3d_tf.sections import (
    Flag,
    Later,
    NotNegative,
    OneOf,
    Positive,
    Share,
    Whole,
    require,
    section,
)

IMAGENET_MEAN = (123.675 / 255, 116.28 / 255, 103.53 / 255)
IMAGENET_STD = (58.395 / 255, 57.12 / 255, 57.375 / 255)


Parts = Annotated[Whole, Ge(2)]


@section
class ResNetRecipe(RelayRecipe):
    """TSN and TSM of all depths, with batch normalisation or DNR."""

    model: Annotated[str, OneOf(*MODELS)] = "tsn_r50"
    pixel_mean: Annotated[Channels, Later()] = IMAGENET_MEAN
    pixel_std: Annotated[PositiveChannels, Later()] = IMAGENET_STD
    width_factor: Positive = 1.0
    """Of all channels but the classes; ours, for small machines."""
    style: Annotated[str, OneOf("pytorch", "caffe")] = "pytorch"
    """Where a bottleneck has its stride: in the 3x3 convolution, or in the
    first 1x1, as He et al. and Keras Applications; MMAction2's names."""
    shift_div: Parts = 8
    """TSM and `interlace`: one of so many parts of the channels comes from the
    next frame, one from the frame before."""
    interlace: Annotated[str, OneOf("none", "before_conv1", "after_conv1")] = (
        "none"
    )
    """Where TSN's blocks shift channels in time for DNR; TSM's do already."""
    dropout: Share = 0.4
    weight_decay: NotNegative = 1e-4
    batch_norm_momentum: Share = 0.9
    batch_norm_epsilon: Positive = 1e-5
    synchronized_batch_norm: Flag = False
    recompute: Flag = False
    """In training, keep only what passes between blocks, and compute the rest
    a second time in the backward pass."""

    @property
    def layout(self) -> Layout:
        """Of the model."""
        return MODELS[self.model]

    @property
    def planes(self) -> tuple[int, ...]:
        """Inner channels of the stages."""
        return planes(self.width_factor)

    @property
    def shift(self) -> str:
        """Where blocks shift channels along time: as `interlace`."""
        return "before_conv1" if self.layout.shifted else self.interlace

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS

    @model_validator(mode="after")
    def _check(self):
        require(
            self.style == "pytorch" or self.layout.bottleneck,
            self,
            "style",
            f"pytorch with ~model={self.model}, which has no bottlenecks",
        )
        require(
            self.is_dynamic or self.interlace == "none",
            self,
            "interlace",
            "none without ~normaliser=dnr",
        )
        require(
            self.interlace == "none" or not self.layout.shifted,
            self,
            "interlace",
            f"none with ~model={self.model}, which shifts already",
        )
        return self


RECIPE = ResNetRecipe
