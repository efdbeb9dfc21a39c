"""What a recipe may say of a mixture."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.vlad_mixture.config import MixtureRecipe


def test_a_branch_is_a_nextvlad_of_the_same_fields():
    recipe = MixtureRecipe(groups=4, eigenvalues="e.npy")
    expected = NeXtVLADRecipe(groups=4, clusters=112, reduction=16)
    assert recipe.branch == expected


def test_another_model():
    with pytest.raises(UsageError, match="must be one of nextvlad_mixture"):
        MixtureRecipe(model="nextvlad")
