"""All variables of both sides are used or named; else nothing changes."""

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.models import make_network
from d3d_tf.models.inception.checkpoints.assign import fill
from d3d_tf.models.inception.checkpoints.checkpoint_names import recognise
from d3d_tf.models.inception.checkpoints.tf1_checkpoint import open_checkpoint
from d3d_tf.models.inception.config import InceptionRecipe
from tests.published import (
    SMALL,
    WIDTH,
    deepmind_shapes,
    flat_shapes,
    i3d_shapes,
    slim_shapes,
    values,
    write,
)

SHAPES = slim_shapes(5, **SMALL)


@pytest.fixture(scope="module")
def s3dg():
    return make_network(InceptionRecipe(**WIDTH), 5, "frames")


@pytest.fixture(scope="module")
def i3d():
    return make_network(InceptionRecipe(model="i3d", **WIDTH), 5, "frames")


def fill_with(network, tmp_path, content):
    checkpoint = open_checkpoint(write(tmp_path / "model.ckpt", content))
    return fill(network, checkpoint, recognise(checkpoint.shapes))


def test_every_value(s3dg, tmp_path):
    content = values(SHAPES)
    filled = fill_with(s3dg, tmp_path, content)
    assert len(filled.rows) == len(filled.values) == 305
    expected = sorted(v.tobytes() for v in content.values())
    assert sorted(v.numpy().tobytes() for v in s3dg.variables) == expected
    # One by hand: the unit of branch 1 in block 4d.
    unit = next(u for u in s3dg.trunk.units if u.name == "Mixed_4d").Branch_1[1]
    name = "InceptionV1/Mixed_4d/Branch_1/Conv2d_0b_3x3"
    np.testing.assert_array_equal(
        unit.temporal.kernel, content[f"{name}/temporal/weights"]
    )
    np.testing.assert_array_equal(
        unit.batch_norm.moving_variance,
        content[f"{name}/BatchNorm/moving_variance"],
    )
    assert [row["name"] for row in filled.rows] == sorted(content)
    assert all(row["used_as"] and not row["skipped"] for row in filled.rows)


@pytest.mark.parametrize("long_vectors", [False, True])
def test_deepmind_vectors(i3d, tmp_path, long_vectors):
    shapes = deepmind_shapes(
        5, prefix="", long_vectors=long_vectors, channels=3, **SMALL
    )
    content = values(shapes)
    fill_with(i3d, tmp_path, content)
    (unit,) = (u for u in i3d.trunk.units if u.name == "Conv2d_1a_7x7")
    np.testing.assert_array_equal(
        unit.batch_norm.moving_mean,
        content["Conv3d_1a_7x7/batch_norm/moving_mean"].ravel(),
    )


def unchanged(network, before):
    return all(
        (now == old).all()
        for now, old in zip(network.get_weights(), before, strict=True)
    )


@pytest.mark.parametrize("name", sorted(SHAPES)[::60])
def test_a_missing_variable_is_named(s3dg, tmp_path, name):
    content = values(SHAPES)
    del content[name]
    before = s3dg.get_weights()
    with pytest.raises(UserError, match=f"1 missing: {name}"):
        fill_with(s3dg, tmp_path, content)
    assert unchanged(s3dg, before)


def test_a_missing_variable_by_its_own_family_s_name(i3d, tmp_path):
    content = values(deepmind_shapes(5, **SMALL))
    name = "RGB/inception_i3d/Mixed_5b/Branch_2/Conv3d_0a_3x3/batch_norm/beta"
    del content[name]
    with pytest.raises(UserError, match=f"1 missing: {name}"):
        fill_with(i3d, tmp_path, content)


def test_surplus_and_mis_shaped_variables_are_named(i3d, tmp_path):
    content = values(i3d_shapes(5, **SMALL))
    surplus = "InceptionV1/Conv2d_1a_7x7/biases"
    wrong = "InceptionV1/Mixed_3b/Branch_1/Conv2d_0b_3x3/weights"
    content[surplus] = np.zeros(4, np.float32)
    content[wrong] = content[wrong][:, :2]
    before = i3d.get_weights()
    with pytest.raises(UserError) as error:
        fill_with(i3d, tmp_path, content)
    assert f"1 surplus: {surplus}" in str(error.value)
    # 96 / 16 channels in, 128 / 16 out.
    assert (
        f"1 of another shape: {wrong} is [3, 2, 3, 6, 8], "
        "needed [3, 3, 3, 6, 8]" in str(error.value)
    )
    assert unchanged(i3d, before)


def test_a_transposed_vector_is_mis_shaped(i3d, tmp_path):
    content = values(deepmind_shapes(5, long_vectors=True, **SMALL))
    name = "RGB/inception_i3d/Conv3d_1a_7x7/batch_norm/beta"
    content[name] = content[name].reshape(4, 1, 1, 1, 1)
    with pytest.raises(UserError, match="of another shape: RGB/.*/beta"):
        fill_with(i3d, tmp_path, content)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers(s3dg, tmp_path, bad):
    content = values(SHAPES)
    name = "InceptionV1/Mixed_3b/Branch_0/Conv2d_0a_1x1/BatchNorm/beta"
    content[name][0] = bad
    before = s3dg.get_weights()
    with pytest.raises(UserError, match=f"{name} holds .* not finite"):
        fill_with(s3dg, tmp_path, content)
    assert unchanged(s3dg, before)


def test_damage_in_an_unused_variable_is_found(i3d, tmp_path):
    """The file is another than was meant, even if nothing of it is lost."""
    content = values(i3d_shapes(5, **SMALL))
    slot = "InceptionV1/Conv2d_1a_7x7/weights/Momentum"
    content[slot] = content[slot.removesuffix("/Momentum")]
    prefix = write(tmp_path / "model.ckpt", content)
    checkpoint = open_checkpoint(prefix)
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    stored = data.read_bytes()
    first = content["InceptionV1/Conv2d_1a_7x7/BatchNorm/beta"].nbytes
    # beta, mean, variance, weights, then the slot.
    place = 3 * first + content[slot].nbytes + 5
    data.write_bytes(
        stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
    )
    with pytest.raises(UserError, match="weights/Momentum cannot be read"):
        fill(i3d, checkpoint, recognise(checkpoint.shapes))


def test_pictures_inflated(i3d, tmp_path):
    """Each kernel N times, divided by N: their sum over time is the kernel."""
    content = values(flat_shapes(11, **SMALL))
    filled = fill_with(i3d, tmp_path, content)
    for name, taps in (
        ("Conv2d_1a_7x7", 7),
        ("Conv2d_2b_1x1", 1),
        ("Conv2d_2c_3x3", 3),
    ):
        (unit,) = (u for u in i3d.trunk.units if u.name == name)
        flat = content[f"InceptionV1/{name}/weights"]
        kernel = unit.conv.kernel.numpy()
        assert kernel.shape == (taps, *flat.shape)
        for tap in kernel:
            np.testing.assert_array_equal(tap, flat / np.float32(taps))
    head = "InceptionV1/Logits/Conv2d_0c_1x1"
    skipped = {
        row["name"]: row["skipped"]
        for row in filled.rows
        if row["name"] and row["skipped"]
    }
    assert skipped == dict.fromkeys(
        [f"{head}/weights", f"{head}/biases"], "the head of other classes"
    )
    assert filled.initial == [
        "Logits/Conv2d_0c_1x1/weights",
        "Logits/Conv2d_0c_1x1/biases",
    ]


def test_pictures_into_s3dg_name_what_stays_initial(s3dg, tmp_path):
    """19 temporal halves of two variables, 37 gates, the head's two."""
    filled = fill_with(s3dg, tmp_path, values(flat_shapes(11, **SMALL)))
    assert len(filled.initial) == 19 * 2 + 37 + 2
    unnamed = [r for r in filled.rows if r["name"] is None]
    assert [row["used_as"] for row in unnamed] == filled.initial
