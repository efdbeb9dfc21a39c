"""The answers of this family to `d3d_tf.models`."""

import pytest

from d3d_tf.models import FAMILIES, architecture, head_names
from d3d_tf.models.inception.config import InceptionRecipe
from tests.harness.export import check_export_of
from tests.harness.family import PROMISES, check_family
from tests.harness.tiny import INCEPTION

MODELS = ("s3dg", "s3d", "i3d", "s3dg_nonlocal")


@pytest.mark.parametrize("promise", PROMISES)
def test_family(promise, request):
    check_family(INCEPTION, promise, request)


@pytest.mark.large
def test_export(tmp_path):
    check_export_of(INCEPTION, tmp_path)


def test_all_four_are_of_one_family():
    assert set(FAMILIES) >= set(MODELS)
    for model in MODELS:
        recipe = InceptionRecipe(model=model)
        assert head_names(recipe) == (
            "Logits/Conv2d_0c_1x1/weights",
            "Logits/Conv2d_0c_1x1/biases",
        )
        assert architecture(recipe)["model"] == model
