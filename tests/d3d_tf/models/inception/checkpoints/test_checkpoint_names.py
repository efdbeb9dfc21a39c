"""Every name of a checkpoint is understood, skipped with a reason, or told."""

import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.inception.checkpoints.checkpoint_names import recognise
from tests.published import (
    deepmind_shapes,
    flat_shapes,
    i3d_shapes,
    slim_shapes,
)

OURS = set(i3d_shapes(scope=""))


def test_slim():
    shapes = slim_shapes()
    contents = recognise(shapes)
    assert (contents.family, contents.scope) == ("slim", "InceptionV1/")
    assert contents.skipped == {}
    assert contents.names == {
        name.removeprefix("InceptionV1/"): name for name in shapes
    }


@pytest.mark.parametrize("scope", ["", "d3d/InceptionV1/", "a/b/c/"])
def test_any_scope(scope):
    contents = recognise(slim_shapes(scope=scope))
    assert contents.scope == scope
    assert set(contents.names) == set(slim_shapes(scope=""))


@pytest.mark.parametrize(
    "prefix", ["RGB/inception_i3d/", "Flow/inception_i3d/", ""]
)
@pytest.mark.parametrize("long_vectors", [False, True])
def test_deepmind(prefix, long_vectors):
    shapes = deepmind_shapes(prefix=prefix, long_vectors=long_vectors)
    contents = recognise(shapes)
    assert (contents.family, contents.scope) == ("deepmind", prefix)
    assert set(contents.names) == OURS
    # The one unit that DeepMind spells otherwise (facts.md, section 7).
    assert (
        contents.names["Mixed_5b/Branch_2/Conv2d_0b_3x3/weights"]
        == f"{prefix}Mixed_5b/Branch_2/Conv3d_0a_3x3/conv_3d/w"
    )


def test_pictures():
    contents = recognise(flat_shapes())
    assert contents.family == "slim2d"
    assert set(contents.names) == OURS


def test_slots_and_counters():
    shapes = deepmind_shapes(prefix="")
    slots = {
        f"{name}/Momentum": shape
        for name, shape in shapes.items()
        if "moving" not in name
    }
    contents = recognise(
        shapes | slots | {"global_step": (), "x/beta1_power": ()}
    )
    assert len(slots) == 116  # facts.md, section 7
    assert set(contents.skipped) == {*slots, "global_step", "x/beta1_power"}
    assert contents.skipped["global_step"] == "a counter of the training"
    assert set(contents.names) == OURS


@pytest.mark.parametrize("slot", ["Adam", "Adam_1", "RMSProp", "RMSProp_1"])
def test_other_optimizers(slot):
    shapes = slim_shapes()
    name = f"InceptionV1/Conv2d_1a_7x7/weights/{slot}"
    assert set(recognise(shapes | {name: (1,)}).skipped) == {name}


def test_averages_are_left_or_taken():
    shapes = slim_shapes()
    weight = "InceptionV1/Conv2d_1a_7x7/weights"
    average = f"{weight}/ExponentialMovingAverage"
    shapes[average] = shapes[weight]
    left = recognise(shapes)
    assert left.names["Conv2d_1a_7x7/weights"] == weight
    assert "averages=true" in left.skipped[average]
    taken = recognise(shapes, averages=True)
    assert taken.names["Conv2d_1a_7x7/weights"] == average
    assert taken.skipped == {weight: "its moving average is used"}
    assert len(taken.names) == 305


def test_two_networks_in_one_file():
    flow = deepmind_shapes(prefix="Flow/inception_i3d/")
    shapes = deepmind_shapes() | flow
    with pytest.raises(UserError, match="2 networks.*scope=SCOPE: Flow.*RGB"):
        recognise(shapes)
    contents = recognise(shapes, scope="Flow/inception_i3d")
    assert set(contents.names.values()) == set(flow)
    assert len(contents.skipped) == 230
    with pytest.raises(UserError, match="No network has the scope 'x/'"):
        recognise(shapes, scope="x")


@pytest.mark.parametrize(
    "name",
    [
        "InceptionV1/Conv2d_1a_7x7/BatchNorm/gamma",
        "InceptionV1/Conv2d_1a_7x7/nobody/Momentum",
        "InceptionV1/AuxLogits/weights",
        "surplus",
    ],
)
def test_unknown_variables_are_named(name):
    with pytest.raises(UserError, match=f"1 surplus .*: {name}"):
        recognise(slim_shapes() | {name: (64,)})


def test_no_family():
    with pytest.raises(UserError, match="first of 1 names: resnet/w"):
        recognise({"resnet/w": (1,)})
    with pytest.raises(UserError, match="No known network"):
        recognise({})


def test_mixed_families():
    shapes = slim_shapes()
    name = "InceptionV1/Conv2d_2b_1x1/weights"
    shapes[name] = (1, 1, 64, 64)
    with pytest.raises(UserError, match=f"mixed; check {name}"):
        recognise(shapes)


def test_two_names_of_one_variable():
    name = "InceptionV1/Conv3d_2b_1x1/weights"
    with pytest.raises(UserError, match=f"and {name} are one variable"):
        recognise(slim_shapes() | {name: (1, 1, 1, 64, 64)})
