"""The answers of this family to `d3d_tf.models`."""

from d3d_tf.config import NetworkRecipe
from d3d_tf.models import FAMILIES, architecture, head_names


def test_all_four_are_of_one_family():
    assert set(FAMILIES) >= {"s3dg", "s3d", "i3d", "s3dg_nonlocal"}
    for model in ("s3dg", "s3d", "i3d", "s3dg_nonlocal"):
        recipe = NetworkRecipe(model=model)
        assert head_names(recipe) == (
            "Logits/Conv2d_0c_1x1/weights",
            "Logits/Conv2d_0c_1x1/biases",
        )
        assert architecture(recipe)["model"] == model
