"""The answers of this family to `d3d_tf.models`."""

from d3d_tf.models import FAMILIES, architecture, head_names
from d3d_tf.models.inception.config import InceptionRecipe


def test_all_four_are_of_one_family():
    assert set(FAMILIES) >= {"s3dg", "s3d", "i3d", "s3dg_nonlocal"}
    for model in ("s3dg", "s3d", "i3d", "s3dg_nonlocal"):
        recipe = InceptionRecipe(model=model)
        assert head_names(recipe) == (
            "Logits/Conv2d_0c_1x1/weights",
            "Logits/Conv2d_0c_1x1/biases",
        )
        assert architecture(recipe)["model"] == model
