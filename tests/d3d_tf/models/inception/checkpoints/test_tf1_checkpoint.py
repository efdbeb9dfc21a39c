"""Checkpoint files: both formats, damage, digests."""

import os

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.models.inception.checkpoints.tf1_checkpoint import (
    open_checkpoint,
)
from tests.published import write

CONTENT = {
    "a/weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.linspace(0, 1, 1000, dtype=np.float32),
    "global_step": np.array(7, np.int64),
}


@pytest.fixture
def prefix(tmp_path):
    return write(tmp_path / "ck/model.ckpt", CONTENT)


def read_all(path):
    checkpoint = open_checkpoint(path)
    return {name: checkpoint.value(name) for name in checkpoint.shapes}


@pytest.mark.parametrize("old_format", [False, True])
def test_values(tmp_path, old_format):
    prefix = write(tmp_path / "model.ckpt", CONTENT, old_format=old_format)
    found = read_all(prefix)
    assert found.keys() == CONTENT.keys()
    for name, expected in CONTENT.items():
        np.testing.assert_array_equal(found[name], expected)
        assert found[name].dtype == expected.dtype
    assert open_checkpoint(prefix).shapes["a/weights"] == (2, 3)


@pytest.mark.parametrize(
    "name",
    ["model.ckpt", "model.ckpt.index", "model.ckpt.data-00000-of-00001", ""],
)
def test_ways_to_name_it(prefix, name):
    assert open_checkpoint(prefix.parent / name).prefix == prefix


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no file model.ckpt.index in"):
        open_checkpoint(tmp_path / "model.ckpt")
    with pytest.raises(UserError, match="a folder with 0 checkpoints"):
        open_checkpoint(tmp_path)


def test_half_of_it_there(prefix):
    (prefix.parent / "model.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(UserError, match="data-00000-of-00001 is not: both"):
        open_checkpoint(prefix)


@pytest.mark.parametrize(
    "name", ["x[1]", "a*b", "q?", "a\\b", os.fsdecode(b"\xf1"), "two\nlines"]
)
def test_in_a_folder_with_an_odd_name(prefix, tmp_path, name):
    """TensorFlow takes most of them for patterns."""
    folder = prefix.parent.rename(tmp_path / name)
    assert read_all(folder / "model.ckpt").keys() == CONTENT.keys()
    assert len(open_checkpoint(folder).digests()) == 2


def test_an_odd_name_of_its_own_is_refused(prefix):
    for path in list(prefix.parent.iterdir()):
        path.rename(path.with_name(path.name.replace("model", "model[1]")))
    with pytest.raises(UserError, match="for a pattern: rename its files"):
        open_checkpoint(prefix.parent)


@pytest.mark.parametrize("keep", [0, 10, 150])
def test_a_cut_index(prefix, keep):
    index = prefix.parent / "model.ckpt.index"
    content = index.read_bytes()
    assert len(content) > 150
    index.write_bytes(content[:keep])
    with pytest.raises(UserError, match="no readable TensorFlow checkpoint"):
        read_all(prefix)


def test_a_text_file_is_no_checkpoint(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(UserError, match="no readable TensorFlow checkpoint"):
        open_checkpoint(path)


@pytest.mark.parametrize("kind", ["cut", "flipped"])
def test_damaged_data_names_the_variable(prefix, kind):
    """`b` is stored after the 24 bytes of `a/weights`."""
    data = prefix.parent / "model.ckpt.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    assert len(content) == 24 + 4000 + 8
    if kind == "cut":
        content = content[:2000]
    else:
        content[1000] ^= 1
    data.write_bytes(content)
    checkpoint = open_checkpoint(prefix)
    np.testing.assert_array_equal(
        checkpoint.value("a/weights"), CONTENT["a/weights"]
    )
    with pytest.raises(UserError, match="the variable b cannot be read"):
        checkpoint.value("b")


def test_other_types(tmp_path):
    prefix = write(tmp_path / "x", {"w": np.zeros(2, np.float16)})
    with pytest.raises(UserError, match=r"not float32: w \(float16\)"):
        open_checkpoint(prefix)


def test_digests_of_all_files(prefix):
    assert set(open_checkpoint(prefix).digests()) == {
        "model.ckpt.index",
        "model.ckpt.data-00000-of-00001",
    }


def test_tensorflow_1_saver(tmp_path):
    """The real one, in a TensorFlow 1 graph."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable("v", initializer=[1.0, 2.0])
        session.run(variable.initializer)
        saver = tf.compat.v1.train.Saver()
        prefix = saver.save(session, str(tmp_path / "m"), global_step=3)
    assert read_all(prefix)["v"].tolist() == [1, 2]
