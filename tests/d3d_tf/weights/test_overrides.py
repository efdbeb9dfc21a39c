"""Settings of a conversion: which are its own, which contradict the file."""

import pytest

from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.weights.overrides import apply_settings, parse_settings

S3DG = Recipe(name="x", network=InceptionRecipe(first_temporal_kernel=3))


def test_sorted():
    settings = parse_settings(
        [
            "num_classes=5",
            "labels=a=b.txt",
            "scope=RGB",
            "averages=true",
            "frames=8",
            "network.gating_start_at=null",
        ]
    )
    assert settings.num_classes == 5
    assert settings.labels == "a=b.txt"
    assert settings.scope == "RGB"
    assert settings.averages is True
    assert settings.recipe == ("frames=8", "network.gating_start_at=null")
    assert settings.stated() == {"frames": 8, "gating_start_at": None}


@pytest.mark.parametrize(
    "setting, match",
    [
        ("num_classes=many", "num_classes must be of type int; got 'many'"),
        ("averages=1", "averages must be of type bool"),
        ("clases=5", "recipe key 'clases' is unknown"),
        ("frames=x", "clip.frames must be of type int"),
        ("model=x3d", "network.model must be one of"),
    ],
)
def test_wrong_ones(setting, match):
    with pytest.raises(UsageError, match=match):
        parse_settings([setting])


TIME = ("model", "first_temporal_kernel", "gating_start_at")


def apply(*settings, recipe=S3DG, free=()):
    return apply_settings(recipe, parse_settings(list(settings)), free)


def test_what_is_no_variable_may_be_set():
    assert apply("dropout=0.5", "size=112").clip.size == 112


def test_what_is_equal_may_be_said():
    assert apply("model=s3dg", "first_temporal_kernel=3") == S3DG
    assert apply("first_temporal_kernel=null").network.model == "s3dg"


def test_what_differs_is_told():
    with pytest.raises(
        UsageError,
        match="first_temporal_kernel is 3 there, 7 was asked for; .*model is",
    ):
        apply("first_temporal_kernel=7", "model=s3d")


def test_the_pooling_before_a_block_is_the_same_start():
    recipe = Recipe(
        name="x", network=InceptionRecipe(gating_start_at="Mixed_3b")
    )
    apply("gating_start_at=MaxPool_3a_3x3", recipe=recipe)
    with pytest.raises(UsageError, match="gating_start_at"):
        apply("gating_start_at=MaxPool_4a_3x3", recipe=recipe)


def test_pictures_leave_time_to_the_user():
    recipe = Recipe(name="x", network=InceptionRecipe(model="i3d"))
    changed = apply(
        "model=s3dg",
        "first_temporal_kernel=5",
        "gating_start_at=Mixed_4b",
        recipe=recipe,
        free=TIME,
    )
    assert changed.network.model == "s3dg"
    with pytest.raises(UsageError, match="min_depth is 16 there, 8"):
        apply("min_depth=8", recipe=recipe, free=TIME)
