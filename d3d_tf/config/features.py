"""The recipe's section about features of one's own videos."""

from typing import Annotated

from annotated_types import Ge, Le

from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.sections import Expected, Text, Whole, section


@section
class FeaturesRecipe:
    """What makes features of videos, with `records=features`."""

    extractor: Text = ""
    """A run, published weights or a SavedModel that sees RGB; what a foreign
    SavedModel wants to see, `teacher_module` says."""
    pca: Annotated[Whole, Ge(0), Expected("0 (none) or more")] = 0
    """So many components of a PCA of the training videos' features, whitened;
    0: the features as they are, between -2 and 2."""
    seconds: Annotated[
        Whole, Ge(1), Le(MAX_FRAMES), Expected(f"1 to {MAX_FRAMES}")
    ] = MAX_FRAMES
    """Of a video; what comes after is left out."""
