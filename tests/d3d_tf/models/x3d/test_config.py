"""What a recipe may say of an X3D."""

import pytest

from d3d_tf.config import to_dict
from d3d_tf.errors import UsageError
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import MODELS


def test_null_is_the_models_own():
    for model, expansion in MODELS.items():
        assert X3DRecipe(model=model).expansion == expansion
    changed = X3DRecipe(model="x3d_xl", depth_factor=1.0, head_frames=8)
    assert changed.expansion == (2.9, 1.0, 2.25, 8, 312)


def test_pixels_are_those_of_the_released_networks():
    """(value - 0.45) / 0.225; written where they are others."""
    pixels = X3DRecipe().pixels
    assert pixels.mean == (0.45,) * 3 and pixels.std == (0.225,) * 3
    assert "pixel_mean" not in to_dict(X3DRecipe())
    halves = X3DRecipe(pixel_mean=(0.5, 0.5, 0.5))
    assert to_dict(halves)["pixel_mean"] == (0.5, 0.5, 0.5)


def test_endpoints():
    assert X3DRecipe().endpoints == (
        "stem",
        "res2",
        "res3",
        "res4",
        "res5",
        "conv5",
    )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": "s3dg"}, "network.model must be one of x3d_xs, x3d_s"),
        ({"width_factor": 0}, "network.width_factor must be above 0, or null"),
        ({"head_size": 0}, "network.head_size must be 1 or more, or null"),
        ({"shortcut": "mine"}, "network.shortcut must be one of slowfast, py"),
        ({"drop_connect": 1.0}, r"network.drop_connect must be in \[0, 1\)"),
        ({"bottleneck_factor": 0.04}, "bottleneck_factor must be so large"),
    ],
    ids=str,
)
def test_what_it_may_not_say(changes, message):
    with pytest.raises(UsageError, match=message):
        X3DRecipe(**changes)
