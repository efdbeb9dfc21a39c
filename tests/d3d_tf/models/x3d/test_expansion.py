"""The paper's ladder, and costs that pytorchvideo counts."""

import json

import pytest

from d3d_tf.models.x3d.expansion import (
    AXES,
    Size,
    candidate,
    contracted,
    expanded,
    multiply_adds,
)

X2D = Size(frames=1, stride=48, size=112, width=2, depth=1, bottleneck=1)


@pytest.mark.parametrize("name", ["XS", "S", "M", "L", "XL"])
def test_costs_are_pytorchvideo_s(goldens, name):
    row = json.loads((goldens / "x3d" / "counts.json").read_text())
    row = row[f"X3D-{name}"]
    size = Size(
        *(row["frames"], 1, row["crop"]),
        row["width_factor"],
        row["depth_factor"],
        row["bottleneck_factor"],
    )
    assert multiply_adds(size) == row["macs"]


# shared/docs/methods.md, section 3.5: M multiply-adds after each step.
LADDER = [
    ("bottleneck", 41.00),
    ("fast", 80.21),
    ("spatial", 153.4),
    ("depth", 303.6),
    ("fast", 605.3),
    ("fast", 1208.7),
    ("temporal", 2415.4),
]


def test_the_ladder_up_to_s():
    """Sizes of XS and S by hand: 4 x 12 of 160; 13 x 6, contracted to 2 G."""
    size = X2D
    assert multiply_adds(size) / 1e6 == pytest.approx(20.66, abs=0.005)
    for axis, millions in LADDER:
        before, size = size, candidate(size, axis, multiply_adds)
        assert multiply_adds(size) / 1e6 == pytest.approx(millions, rel=1e-3)
        if size.frames == 4:
            assert (size.whole_stride, size.size, size.depth) == (12, 160, 2.2)
    small = contracted(before, size, "temporal", 2e9, multiply_adds)
    assert (small.frames, small.whole_stride, small.size) == (13, 6, 160)
    assert multiply_adds(small) / 1e6 == pytest.approx(1962.9, abs=0.1)


def test_the_ladder_from_s_to_xl():
    """S with 16 frames; M, 312 pixels, L, XL: widths of 2.9 are left of 4."""
    size = Size(16, 5, 160, 2, 2.2, 2.25)
    for axis, millions in [
        ("spatial", 4732.5),
        ("spatial", 9451.6),
        ("depth", 18367.7),
        ("width", 35837.6),
    ]:
        size = candidate(size, axis, multiply_adds)
        assert multiply_adds(size) / 1e6 == pytest.approx(millions, abs=0.1)
    assert size.size == 312
    assert size.width == 2.9


@pytest.mark.parametrize("axis", AXES)
def test_a_candidate_costs_about_twice_as_much(axis):
    for size in (X2D, Size(13, 6, 160, 2, 2.2, 2.25)):
        ratio = multiply_adds(
            candidate(size, axis, multiply_adds)
        ) / multiply_adds(size)
        assert 1.6 < ratio <= 2.0


def test_durations():
    """Fast: as long; temporal: 1.5 times."""
    size = Size(4, 12, 160, 2, 2.2, 2.25)
    fast, temporal = (expanded(size, axis) for axis in ("fast", "temporal"))
    assert (fast.frames, fast.stride) == (8, 6)
    assert (temporal.frames, temporal.stride) == (8, 9)


def test_what_cannot_be_contracted():
    """Nothing between is cheap enough: the size before."""
    after = expanded(X2D, "spatial")
    assert contracted(X2D, after, "spatial", 0, multiply_adds) == X2D
    assert contracted(X2D, after, "spatial", 1e9, multiply_adds) == after


def test_an_unknown_axis():
    with pytest.raises(ValueError, match="No axis 'time'; there are fast"):
        expanded(X2D, "time")
