"""Options read off shapes; the checkpoints are built from the options."""

import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.inception.checkpoints.infer_recipe import (
    read_num_classes,
    read_stream,
    read_time,
    read_width,
)
from tests.published import i3d_shapes, slim_shapes


def slim(*args, **options):
    return slim_shapes(*args, scope="", **options)


def i3d(*args, **options):
    return i3d_shapes(*args, scope="", **options)


@pytest.mark.parametrize(
    "shapes, expected",
    [
        (slim(), ("s3dg", 3, "Conv2d_2c_3x3", "Conv2d_2c_3x3")),
        (
            slim(first=7, temporal="Mixed_4b", gating="Mixed_5b"),
            ("s3dg", 7, "Mixed_4b", "Mixed_5b"),
        ),
        (slim(temporal=None), ("s3dg", 3, None, "Conv2d_2c_3x3")),
        (slim(first=5, gating=None), ("s3d", 5, "Conv2d_2c_3x3", None)),
        (slim(first=1, gating=None, temporal=None), ("s3d", 1, None, None)),
        (slim(temporal="Mixed_3b", gating=None), ("s3d", 3, "Mixed_3b", None)),
        (i3d(), ("i3d", 7, "Conv2d_2c_3x3", None)),
        (i3d(first=3, temporal="Mixed_5c"), ("i3d", 3, "Mixed_5c", None)),
        (i3d(temporal=None), ("i3d", 7, None, None)),
    ],
)
def test_time(shapes, expected):
    found = read_time(shapes, {})
    assert (
        found["model"],
        found["first_temporal_kernel"],
        found["temporal_conv_start_at"],
        found.get("gating_start_at"),
    ) == expected


def test_a_lost_gate_is_not_an_option():
    """Only the user can tell the one from the other."""
    shapes = slim(gating="Mixed_3b")
    with pytest.raises(
        UserError, match="Conv2d_2c_3x3/self_gating/.* is missing.*=Mixed_3b"
    ):
        read_time(shapes, {})
    found = read_time(shapes, {"gating_start_at": "Mixed_3b"})
    assert found["gating_start_at"] == "Mixed_3b"


def test_gates_with_full_kernels():
    shapes = slim(separable=False)
    with pytest.raises(UserError, match="no network here has both"):
        read_time(shapes, {})


@pytest.mark.parametrize(
    "multiplier, min_depth",
    [(1.0, 16), (0.5, 16), (0.25, 8), (1 / 16, 4), (2.0, 16), (1 / 3, 1)],
)
@pytest.mark.parametrize("make", [slim, i3d])
def test_width(make, multiplier, min_depth):
    """The same channels everywhere, from whatever is read."""
    shapes = make(multiplier=multiplier, min_depth=min_depth)
    found = read_width(shapes)
    again = make(
        multiplier=found["depth_multiplier"], min_depth=found["min_depth"]
    )
    assert again == shapes


def test_width_is_the_simplest():
    assert read_width(slim()) == {"depth_multiplier": 1.0, "min_depth": 16}
    found = read_width(slim(multiplier=0.25, min_depth=8))
    assert found == {"depth_multiplier": 0.25, "min_depth": 8}


def test_all_units_at_the_least_depth():
    shapes = slim(multiplier=0.001, min_depth=6)
    found = read_width(shapes)
    assert shapes == slim(
        multiplier=found["depth_multiplier"], min_depth=found["min_depth"]
    )


def test_one_contradicting_unit_does_not_decide():
    shapes = slim()
    shapes["Mixed_4d/Branch_1/Conv2d_0b_3x3/weights"] = (1, 3, 3, 128, 250)
    shapes["Mixed_3b/Branch_2/Conv2d_0a_1x1/weights"] = (1, 1, 1, 192, 15)
    found = read_width(shapes)
    assert found == {"depth_multiplier": 1.0, "min_depth": 15} or found == {
        "depth_multiplier": 1.0,
        "min_depth": 16,
    }


def test_stream():
    assert read_stream(slim()) == "frames"
    assert read_stream(slim(channels=2)) == "flow"
    with pytest.raises(UserError, match="3 input channels, one of flow 2"):
        read_stream(slim(channels=4))
    with pytest.raises(UserError, match="Conv2d_1a_7x7/weights is missing"):
        read_stream({})


def test_num_classes():
    shapes = slim(101)
    assert read_num_classes(shapes) == 101
    del shapes["Logits/Conv2d_0c_1x1/weights"]
    assert read_num_classes(shapes) == 101
    del shapes["Logits/Conv2d_0c_1x1/biases"]
    with pytest.raises(UserError, match="weights and .*biases are missing"):
        read_num_classes(shapes)
