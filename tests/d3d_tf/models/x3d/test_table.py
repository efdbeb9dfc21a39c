"""The rules against the table that they were read from."""

import pytest

from d3d_tf.models.x3d.table import MODELS, round_width, stages


@pytest.mark.parametrize(
    "width, factor, expected",
    [
        (12, 2.0, 24),
        (12, 2.9, 32),  # 34.8: nearer to 32, which is 92 % of it.
        (24, 2.9, 72),  # 69.6
        (54, 1 / 16, 8),  # 3.4: never below 8.
        (306, 1 / 16, 24),  # 19.1 would be 16, which is below 90 %.
        (630, 1 / 16, 40),  # 39.4
    ],
)
def test_widths_by_hand(width, factor, expected):
    assert round_width(width, factor) == expected


@pytest.mark.parametrize(
    "model, channels, inner, blocks",
    [
        ("x3d_s", (24, 48, 96, 192), (54, 108, 216, 432), (3, 5, 11, 7)),
        ("x3d_l", (24, 48, 96, 192), (54, 108, 216, 432), (5, 10, 25, 15)),
        ("x3d_xl", (32, 72, 136, 280), (72, 162, 306, 630), (5, 10, 25, 15)),
    ],
)
def test_stages_of_the_published_models(model, channels, inner, blocks):
    """shared/docs/methods.md, 3.1."""
    found = stages(*MODELS[model][:3])
    assert tuple(zip(*found, strict=True)) == (channels, inner, blocks)


def test_small_ones_differ_in_their_clips():
    assert MODELS["x3d_xs"][:3] == MODELS["x3d_s"][:3] == MODELS["x3d_m"][:3]
    assert [m[3:] for m in MODELS.values()] == [
        (4, 160),
        (13, 160),
        (16, 224),
        (16, 312),
        (16, 312),
    ]
