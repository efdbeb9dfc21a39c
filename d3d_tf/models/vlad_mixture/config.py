"""The section `network` of a recipe with a network of this family."""

import dataclasses

from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.sections import PositiveWhole, section

MODEL = "nextvlad_mixture"
BRANCHES = 3


@section
class MixtureRecipe(NeXtVLADRecipe):
    """Three NeXtVLADs, all of the fields of `NeXtVLADRecipe`."""

    model: str = MODEL
    clusters: PositiveWhole = 112
    reduction: PositiveWhole = 16

    @property
    def branches(self) -> int:
        """How many."""
        return BRANCHES

    @property
    def branch(self) -> NeXtVLADRecipe:
        """Each of them; the mixture has undone the whitening before."""
        names = [field.name for field in dataclasses.fields(NeXtVLADRecipe)]
        fields = {name: getattr(self, name) for name in names}
        changed = {"model": "nextvlad", "eigenvalues": None}
        return NeXtVLADRecipe(**fields | changed)


RECIPE = MixtureRecipe
