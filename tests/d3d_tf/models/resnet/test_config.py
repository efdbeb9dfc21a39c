"""What a recipe may say of a ResNet."""

import pytest

from d3d_tf.config import to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models.resnet.config import ResNetRecipe


def test_pixels_are_imagenets():
    """MMAction2's 123.675 and so on, of 255."""
    pixels = ResNetRecipe().pixels
    mean = [255 * value for value in pixels.mean]
    assert mean == pytest.approx([123.675, 116.28, 103.53])
    std = [255 * value for value in pixels.std]
    assert std == pytest.approx([58.395, 57.12, 57.375])
    assert "pixel_mean" not in to_dict(ResNetRecipe())


def test_endpoints():
    assert ResNetRecipe().endpoints == (
        "stem",
        "maxpool",
        *("layer1", "layer2", "layer3", "layer4"),
    )


@pytest.mark.parametrize(
    "changes, place",
    [
        ({}, "none"),
        ({"model": "tsm_r18"}, "before_conv1"),
        ({"model": "tsm_r18", "normaliser": "dnr"}, "before_conv1"),
        ({"normaliser": "dnr", "interlace": "after_conv1"}, "after_conv1"),
    ],
    ids=str,
)
def test_where_blocks_shift(changes, place):
    assert ResNetRecipe(**changes).shift == place


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": "s3dg"}, "network.model must be one of tsn_r18, tsn_r34"),
        (
            {"model": "tsn_r34", "style": "caffe"},
            "style must be pytorch with network.model=tsn_r34, which has no",
        ),
        ({"shift_div": 1}, "network.shift_div must be 2 or more"),
        (
            {"interlace": "after_conv1"},
            "interlace must be none without network.normaliser=dnr",
        ),
        (
            {"model": "tsm_r50", "normaliser": "dnr"}
            | {"interlace": "before_conv1"},
            "interlace must be none with network.model=tsm_r50, which shifts",
        ),
    ],
    ids=str,
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        ResNetRecipe(**changes)
