"""Shapes tell which X3D it is, as far as they can."""

import dataclasses

import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.x3d.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.x3d.config import X3DRecipe

# Of SlowFast's configuration, what matters.
CONFIG = """
DATA: {NUM_FRAMES: 16, SAMPLING_RATE: 5, TRAIN_CROP_SIZE: 224}
X3D: {WIDTH_FACTOR: 2.0}
"""


def shapes_of(
    *,
    channels=(24, 48, 96, 192),
    inner=(54, 108, 216, 432),
    blocks=(3, 5, 11, 7),
    dense=False,
    norm=True,
    excite=True,
    hidden=2048,
):
    """Names and shapes, as far as they are looked at; X3D-S by default.

    The numbers are those of shared/docs/methods.md, section 3.1.
    """
    shapes = {
        "s1.pathway0_stem.conv_xy.weight": (channels[0], 3, 1, 3, 3),
        "head.lin_5.weight": (hidden, inner[-1], 1, 1, 1),
    }
    if norm:
        shapes["s2.pathway0_res0.branch1_bn.weight"] = (channels[0],)
    before = channels[0]
    for number, (out, mid, count) in enumerate(
        zip(channels, inner, blocks, strict=True), start=2
    ):
        for i in range(count):
            path = f"s{number}.pathway0_res{i}.branch2"
            taps = 3 if dense else 1
            shapes[f"{path}.a.weight"] = (mid, before, taps, 1, 1)
            shapes[f"{path}.c.weight"] = (out, mid, 1, 1, 1)
            if excite and i % 2 == 0:
                shapes[f"{path}.se.fc1.weight"] = (8, mid, 1, 1, 1)
            before = out
    return shapes


LARGE = {"blocks": (5, 10, 25, 15)}
LARGEST = LARGE | {
    "channels": (32, 72, 136, 280),
    "inner": (72, 162, 306, 630),
}


@pytest.mark.parametrize(
    "shapes, stated, expected",
    [
        (shapes_of(**LARGE), {}, X3DRecipe(model="x3d_l")),
        (shapes_of(**LARGEST), {}, X3DRecipe(model="x3d_xl")),
        (shapes_of(), {"model": "x3d_xs"}, X3DRecipe(model="x3d_xs")),
        (
            shapes_of(**LARGE, norm=False, excite=False, hidden=512),
            {},
            X3DRecipe(
                model="x3d_l",
                shortcut="pytorchvideo",
                squeeze_excite=False,
                head_channels=512,
            ),
        ),
        (
            # "- CW conv" of table A.1, with a bottleneck of 0.6.
            shapes_of(inner=(14, 28, 57, 115), dense=True),
            {"model": "x3d_s"},
            X3DRecipe(model="x3d_s", channelwise=False, bottleneck_factor=0.6),
        ),
        (
            # X2D, from which the expansion starts (section 3.5).
            shapes_of(inner=(24, 48, 96, 192), blocks=(1, 2, 5, 3)),
            {"model": "x3d_s"},
            X3DRecipe(model="x3d_s", depth_factor=1, bottleneck_factor=1),
        ),
    ],
)
def test_the_network(shapes, stated, expected):
    assert infer_recipe(shapes, "", stated) == expected


def test_xs_s_and_m_are_alike():
    with pytest.raises(UserError, match=r"x3d_xs or x3d_s or x3d_m\?"):
        infer_recipe(shapes_of(), "", {})


def test_slowfast_s_settings_tell_them_apart():
    assert infer_recipe(shapes_of(), CONFIG, {}).model == "x3d_m"


def test_widths_of_no_factor():
    shapes = shapes_of(channels=(24, 48, 96, 256))
    with pytest.raises(
        UserError, match=r"No width factor makes stages of \[24"
    ):
        infer_recipe(shapes, "", {})


@pytest.mark.parametrize("lost", ["s1.pathway0_stem.conv_xy", "s4."])
def test_what_is_not_x3d(lost):
    shapes = {k: v for k, v in shapes_of().items() if not k.startswith(lost)}
    with pytest.raises(UserError, match="holds no X3D"):
        infer_recipe(shapes, "", {})


def test_every_field_that_shapes_tell_is_an_architecture_s():
    """A new field that changes shapes must be inferred too."""
    fields = {field.name for field in dataclasses.fields(X3DRecipe)}
    told = {
        *("model", "width_factor", "depth_factor", "bottleneck_factor"),
        *("head_channels", "channelwise", "squeeze_excite", "shortcut"),
    }
    not_told = {
        # Nothing in a checkpoint shows them.
        *("swish", "batch_norm_epsilon", "head_frames", "head_size"),
        *("pixel_range", "pixel_mean", "pixel_std", "pixel_order"),
        # No published X3D has DNR.
        *("normaliser", "statistics", "frames_per_group", "bidirectional"),
        "reduction",
    }
    from d3d_tf.models.x3d.family import TRAINING

    assert fields - told - not_told - {*TRAINING} == set()
