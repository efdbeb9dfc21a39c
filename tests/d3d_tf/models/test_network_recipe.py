"""What is the same in the sections of all families."""

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.pixels import Pixels


def test_pixels():
    assert InceptionRecipe().pixels == Pixels()
    mean, std = (0.45, 0.45, 0.45), (0.225, 0.225, 0.225)
    recipe = InceptionRecipe(pixel_mean=mean, pixel_std=std)
    assert recipe.pixels == Pixels(mean, std)
    with pytest.raises(UsageError, match="pixel_std.1 must be greater than 0"):
        InceptionRecipe(pixel_std=(1.0, 0.0, 1.0))
    with pytest.raises(UsageError, match="network.pixel_mean"):
        InceptionRecipe(pixel_mean=(0.5, 0.5))


def test_a_model_of_another_family():
    with pytest.raises(UsageError, match="model must be one of s3dg, s3d, i3d"):
        InceptionRecipe(model="x3d_s")


def test_a_network_looks_at_rgb_and_flow_unless_its_family_says_less():
    assert InceptionRecipe().streams == ("frames", "flow")
    assert LearnedFlowRecipe().streams == ("frames",)
