"""Which flows are the same, and what a user reads where they are not."""

import dataclasses

import pytest

from d3d_tf.config import (
    DataRecipe,
    FlowRecipe,
    differences,
    digest,
    flow_identity,
    require_same_flow,
    same_keys,
)
from d3d_tf.errors import UserError

FLOW, DATA, LIBRARY = FlowRecipe(), DataRecipe(), "solver 1, compiler 2.3"


def identity(*, flow=FLOW, data=DATA, library=LIBRARY):
    return flow_identity(flow, data, library)


def test_it_holds_all_that_the_flow_depends_on():
    assert identity() == {
        "flow": dataclasses.asdict(FLOW),
        "short_side": 256,
        "frame_rate": 25.0,
        "codec": "png-uint8-zero128-range127",
        "library": LIBRARY,
    }


CHOICES = {
    "algorithm": "dis",
    "backend": "opencv",
    "scale_step": 0.5,
    "median_filtering": 3,
}
CODEC = "imported_codec"  # Not alone: see below.
FIELDS = [f.name for f in dataclasses.fields(FLOW) if f.name != CODEC]


@pytest.mark.parametrize("field", FIELDS)
def test_every_parameter_makes_another_flow(field):
    value = getattr(FLOW, field)
    other = CHOICES[field] if field in CHOICES else value + 1
    changed = identity(flow=dataclasses.replace(FLOW, **{field: other}))
    assert digest(changed) != digest(identity())
    assert differences(identity(), changed) == [(f"flow.{field}", value, other)]


def test_another_tools_flow_is_another_flow():
    mars, other = (
        identity(flow=FlowRecipe(algorithm="imported", imported_codec=codec))
        for codec in ("mars", "i3d")
    )
    assert differences(mars, other) == [(f"flow.{CODEC}", "mars", "i3d")]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"data": DataRecipe(short_side=128)}, ("short_side", 256, 128)),
        ({"data": DataRecipe(frame_rate=10)}, ("frame_rate", 25.0, 10)),
        ({"library": "other"}, ("library", LIBRARY, "other")),
    ],
)
def test_so_do_the_frames_and_the_library(changes, difference):
    changed = identity(**changes)
    assert digest(changed) != digest(identity())
    assert differences(identity(), changed) == [difference]


def test_pictures_and_shards_play_no_part():
    """They are not what flow is computed on."""
    data = DataRecipe(
        jpeg_quality=50, num_shards=3, max_seconds=4, test_share=0.5
    )
    assert identity(data=data) == identity()


def test_differences_of_nested_dicts():
    """In order of the keys; a key that one of them lacks is None there."""
    old = {"b": {"x": 1, "y": {"z": 2}}, "a": 1, "same": [1], "gone": 3}
    new = {"b": {"x": 1, "y": {"z": 5}}, "a": 2, "same": [1], "here": {"k": 1}}
    assert differences(old, new) == [
        ("a", 1, 2),
        ("b.y.z", 2, 5),
        ("gone", 3, None),
        ("here", None, {"k": 1}),
    ]
    assert differences(old, old) == []


def require(ours, theirs, allow):
    return require_same_flow(
        ours, theirs, ours_name="run A", theirs_name="records B", allow=allow
    )


@pytest.mark.parametrize("allow", [False, True])
def test_equal_flows_are_no_mismatch(allow):
    assert require(identity(), identity(), allow) is None


def test_other_flow_is_refused_with_both_sides_shown():
    theirs = identity(
        flow=dataclasses.replace(FLOW, warps=2, algorithm="dis"),
        library="opencv 4",
    )
    with pytest.raises(UserError) as caught:
        require(identity(), theirs, allow=False)
    text = str(caught.value)
    for part in (
        "flow.algorithm: 'tvl1' in run A, 'dis' in records B",
        "flow.warps: 5 in run A, 2 in records B",
        f"library: {LIBRARY!r} in run A, 'opencv 4' in records B",
        "--allow_flow_mismatch",
    ):
        assert part in text
    assert "epsilon" not in text


def test_other_flow_that_is_allowed_is_given_back_to_be_written_down():
    theirs = identity(library="opencv 4")
    found = require(identity(), theirs, allow=True)
    assert found == {"run A": identity(), "records B": theirs}


def test_same_keys_leaves_what_the_other_does_not_say():
    flow = {"flow": {"tau": 0.25, "saturation": 20.0}, "short_side": 256}
    partial = {"flow": {"saturation": 15.0}, "frame_rate": 25.0}
    assert same_keys(flow, partial) == {"flow": {"saturation": 20.0}}
    assert same_keys(flow, {}) == {}
