"""The section `network` of a recipe with a network of this family."""

from typing import Annotated

from pydantic import model_validator

from d3d_tf.models.feature_recipe import FeatureNetworkRecipe
from d3d_tf.sections import (
    Flag,
    NotNegative,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    Text,
    require,
    section,
)

ENDPOINTS = ("vlad", "hidden", "gated")


@section
class NeXtVLADRecipe(FeatureNetworkRecipe):
    """NeXtVLAD (Lin et al., ECCV 2018 workshops), and NetVLAD in its place."""

    model: Annotated[str, OneOf("nextvlad", "netvlad")] = "nextvlad"
    groups: PositiveWhole = 8
    """Of the expanded features of a picture; those of the sound have half."""
    clusters: PositiveWhole = 128
    """Of the pictures' features; those of the sound have half."""
    expansion: PositiveWhole = 2
    """So many times more features are grouped. NetVLAD, which has neither
    groups nor attention, takes the features as they are."""
    hidden: PositiveWhole = 2048
    reduction: PositiveWhole = 8
    """The context gate has so many times less units inside."""
    eigenvalues: Text | None = None
    """A .npy file of the PCA of YouTube-8M, or of one's own features, of which
    the first (1024) undo the whitening of the pictures' features; null: they
    stay as they are."""
    count_padding: Flag = True
    """In training, frames of padding count in the statistics of the clusters'
    normalisation, as in the authors' code. False: only the video's do."""
    dropout: Share = 0.5
    weight_decay: NotNegative = 1e-5
    """Of the classifier, weights and biases."""
    batch_norm_momentum: Share = 0.999
    batch_norm_epsilon: Positive = 1e-3
    synchronized_batch_norm: Flag = False

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS

    @property
    def audio_groups(self) -> int:
        """Half of the pictures', but one at least."""
        return max(1, self.groups // 2)

    @property
    def audio_clusters(self) -> int:
        """Half of the pictures', but one at least."""
        return max(1, self.clusters // 2)

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields that say nothing of this network."""
        pixels = ("pixel_mean", "pixel_std")
        return (*pixels, "groups", "expansion") if self.is_plain else pixels

    @property
    def is_plain(self) -> bool:
        """Whether it is NetVLAD."""
        return self.model == "netvlad"

    @model_validator(mode="after")
    def _check_groups(self):
        both = (
            (self.rgb_features, self.groups),
            (self.audio_features, self.audio_groups),
        )
        require(
            all(size * self.expansion % groups == 0 for size, groups in both),
            self,
            "groups",
            f"a divisor of {self.rgb_features} * ~expansion, and half of it of "
            f"{self.audio_features} * ~expansion",
        )
        require(
            self.hidden >= self.reduction,
            self,
            "reduction",
            "at most ~hidden",
        )
        return self


RECIPE = NeXtVLADRecipe
