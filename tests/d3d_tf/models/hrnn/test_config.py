"""What a recipe may say of an H-RNN."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.hrnn.config import HRNNRecipe


def test_defaults_are_the_papers():
    recipe = HRNNRecipe()
    assert (recipe.cells, recipe.chunk_frames, recipe.mixtures) == (1024, 15, 2)
    assert recipe.endpoints == ("chunks", "state")
    assert recipe.streams == ("features",)


def test_what_it_may_not_say():
    with pytest.raises(UsageError, match="network.chunk_frames must be above"):
        HRNNRecipe(chunk_frames=0)
