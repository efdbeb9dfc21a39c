"""The section `network` of a recipe with a network of this family."""

from d3d_tf.models.feature_recipe import FeatureNetworkRecipe
from d3d_tf.sections import NotNegative, PositiveWhole, section

MODEL = "hrnn"
ENDPOINTS = ("chunks", "state")


@section
class HRNNRecipe(FeatureNetworkRecipe):
    """The hierarchical LSTM of Bhardwaj et al. (CVPR 2019), two levels."""

    model: str = MODEL
    cells: PositiveWhole = 1024
    """Of each of the two layers of a level."""
    chunk_frames: PositiveWhole = 15
    """The first level starts anew after so many. The paper's teacher has 15 of
    300 frames, 20 chunks; its student of k frames has k / 5, 5 chunks."""
    mixtures: PositiveWhole = 2
    """Experts for each class, beside one that always says no."""
    weight_decay: NotNegative = 2e-8
    """Of the classifier's kernels: 1e-8, which the code doubles."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS


RECIPE = HRNNRecipe
