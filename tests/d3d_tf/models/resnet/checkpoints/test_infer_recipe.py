"""Names and shapes tell which ResNet it is."""

import dataclasses

import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.resnet.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.family import TRAINING


def shapes_of(blocks=(3, 4, 6, 3), widths=(64, 128, 256, 512), basic=False):
    """Names and shapes, as far as they are looked at (He et al., table 1)."""
    shapes = {"conv1.weight": (widths[0], 3, 7, 7)}
    for stage, (count, width) in enumerate(
        zip(blocks, widths, strict=True), start=1
    ):
        for i in range(count):
            path = f"layer{stage}.{i}"
            shapes[f"{path}.conv1.weight"] = (width, 8, 1, 1)
            if not basic:
                shapes[f"{path}.conv3.weight"] = (4 * width, width, 1, 1)
    return shapes


def all_of(blocks, every=1):
    return {
        (stage, i)
        for stage, count in enumerate(blocks, start=1)
        for i in range(0, count, every)
    }


R50, R101 = (3, 4, 6, 3), (3, 4, 23, 3)
CELL = {"layer1.lstm.w_ih.0.seq.0.weight": (16, 64)}


@pytest.mark.parametrize(
    "shapes, shifted, expected",
    [
        (shapes_of(), set(), ResNetRecipe()),
        (
            shapes_of((2, 2, 2, 2), basic=True),
            set(),
            ResNetRecipe(model="tsn_r18"),
        ),
        (
            shapes_of(R50, basic=True),
            set(),
            ResNetRecipe(model="tsn_r34"),
        ),
        (shapes_of(R101), set(), ResNetRecipe(model="tsn_r101")),
        (
            shapes_of(),
            all_of(R50),
            ResNetRecipe(model="tsm_r50", dropout=0.5),
        ),
        # resnet_tsm.py: `n_round = 2` if layer3 has 23 blocks.
        (
            shapes_of(R101),
            all_of(R101, every=2),
            ResNetRecipe(model="tsm_r101", dropout=0.5),
        ),
        (
            shapes_of(widths=(8, 8, 16, 32)),
            set(),
            ResNetRecipe(width_factor=1 / 16),
        ),
        # num_groups = 4 of 8 frames in the released code.
        (
            shapes_of() | CELL,
            set(),
            ResNetRecipe(normaliser="dnr", frames_per_group=2),
        ),
    ],
)
def test_the_network(shapes, shifted, expected):
    assert infer_recipe(shapes, shifted) == expected


def without(*starts):
    return {k: v for k, v in shapes_of().items() if not k.startswith(starts)}


@pytest.mark.parametrize(
    "shapes, shifted, message",
    [
        (without("conv1"), set(), "conv1.weight or a whole stage is missing"),
        (without("layer4"), set(), "no network that is known. Of PyTorch's"),
        ({"classifier.weight": (5, 3)}, set(), "X3D .* and of ResNet-18"),
        (
            shapes_of() | {"conv1.weight": (64, 10, 7, 7)},
            set(),
            "looks at 10 channels: only networks of RGB",
        ),
        (
            shapes_of((3, 8, 36, 3)),
            set(),
            r"\[3, 8, 36, 3\] bottlenecks; ResNet-18, 34, 50 and 101 are",
        ),
        (
            shapes_of((2, 2, 2, 2)),
            set(),
            r"\[2, 2, 2, 2\] bottlenecks; ",
        ),
        (
            shapes_of(),
            all_of(R50, every=2),
            "9 blocks have the names of TSM. It shifts",
        ),
        (shapes_of(R101), all_of(R101), "33 blocks have the names of TSM"),
        (
            shapes_of(widths=(64, 128, 256, 256)),
            set(),
            r"convolutions \[64, 128, 256, 256\]; those of ResNets have 64",
        ),
        # ResNeXt and WideResNet: twice as wide, but not in the stem.
        (
            shapes_of(widths=(128, 256, 512, 1024))
            | {"conv1.weight": (64, 3, 7, 7)},
            set(),
            r"The stem has 64 channels, .* \[128, 256, 512, 1024\]",
        ),
    ],
)
def test_what_is_no_resnet(shapes, shifted, message):
    with pytest.raises(UserError, match=message):
        infer_recipe(shapes, shifted)


def test_every_field_that_shapes_tell_is_inferred():
    """A new field that changes shapes must be inferred too."""
    fields = {field.name for field in dataclasses.fields(ResNetRecipe)}
    told = {"model", "width_factor", "normaliser", "reduction"}
    # The file's authors have the defaults, or `free` leaves it to the user.
    not_told = {
        *("pixel_mean", "pixel_std", "style", "shift_div", "statistics"),
        *("frames_per_group", "bidirectional", "interlace"),
        "batch_norm_epsilon",
    }
    assert fields - told - not_told - {*TRAINING} == set()
