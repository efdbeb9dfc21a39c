"""The section `explain` of a recipe."""

import pytest

from d3d_tf import config
from d3d_tf.config import override
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY


@pytest.mark.parametrize(
    "written, classes",
    [
        ("waving", ("waving",)),
        ("putting a, b and c", ("putting a, b and c",)),
        ("[waving, running]", ("waving", "running")),
    ],
)
def test_a_class_or_a_list_of_them(written, classes):
    recipe = override(TOY, [f"explain.classes={written}"])
    assert recipe.explain.classes == classes


def test_recipes_of_before_keep_their_digest():
    assert "explain" not in config.to_dict(TOY)


@pytest.mark.parametrize(
    "setting, words",
    [
        ("explain.method=cam", "gradcampp, gradcampp_eps0, gradcam, .*'cam'"),
        ("explain.networks=studnet", "baseline, student, teacher"),
        ("explain.top=0", "explain.top must be above 0; got 0"),
        ("explain.second=-1", "explain.second must be greater .* 0; got -1"),
    ],
)
def test_what_is_wrong_is_named(setting, words):
    with pytest.raises(UsageError, match=words):
        override(TOY, [setting])
