"""A network is read from the last checkpoint, or from none."""

import json
import shutil

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.training.checkpoints import damage, restore, save_finished
from tests.d3d_tf.training.conftest import DAMAGE
from tests.harness import randomize, tiny_network


@pytest.fixture
def copy(whole, tmp_path):
    """The folder of a finished training, in a copy of one's own."""
    folder = tmp_path / "run" / "checkpoints" / "student"
    shutil.copytree(whole[0], folder)
    return folder


def content(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


@pytest.mark.parametrize("fault", DAMAGE)
def test_an_older_checkpoint_is_not_the_end_of_a_training(copy, fault):
    """Nothing is read and nothing changed; the way on is said."""
    told = DAMAGE[fault](copy)
    before = content(copy)
    network = tiny_network()
    weights = network.get_weights()
    if not told:  # TensorFlow's list alone: the last one is there.
        return restore(network, copy)
    with pytest.raises(UserError) as error:
        restore(network, copy)
    run = copy.parent.parent
    assert str(error.value) == (
        f"{copy}/{told}. Start the command that made {run} again: it trains "
        "on from an older checkpoint, if one is whole."
    )
    assert content(copy) == before
    for one, other in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    return None


def test_the_last_checkpoint_is_gone(copy):
    """finished.json knows that there were 6 steps."""
    for path in copy.glob("ckpt-6.*"):
        path.unlink()
    with pytest.raises(UserError, match="ckpt-6.index is missing.*again"):
        restore(tiny_network(), copy)


def test_damage_of_what_was_not_trained_here(tmp_path):
    """Nothing trains on from there."""
    folder = tmp_path / "run" / "checkpoints" / "student"
    save_finished(tiny_network(), folder, {"module": "m"})
    data = folder / "ckpt-0.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"Remove {tmp_path}/run; what made it"):
        restore(tiny_network(), folder)


def test_every_bit_of_the_numbers_is_looked_at(tmp_path):
    """27 * 3 * 4 kernels of 4 bytes and so on; every 97th bit of the file."""
    network = tiny_network()
    randomize(network)
    save_finished(network, tmp_path, {})
    prefix = str(tmp_path / "ckpt-0")
    assert damage(prefix) is None
    data = tmp_path / "ckpt-0.data-00000-of-00001"
    whole = data.read_bytes()
    for bit in range(0, 8 * len(whole), 97):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        data.write_bytes(content)
        assert damage(prefix) == f"{data.name} is damaged", bit


def test_an_index_that_claims_a_huge_length(tmp_path):
    """2^40 bytes of the block that its last 48 bytes point to.

    They hold two pairs of numbers, 7 bits in a byte, the low ones first.
    """
    save_finished(tiny_network(), tmp_path, {})
    index = tmp_path / "ckpt-0.index"
    whole = index.read_bytes()
    handles = b"\0\1" + b"\0" + 5 * b"\x80" + b"\x20"
    index.write_bytes(whole[:-48] + handles.ljust(40, b"\0") + whole[-8:])
    assert damage(str(tmp_path / "ckpt-0")) == "ckpt-0.index is damaged"


def test_what_may_not_be_read_is_not_damaged(tmp_path):
    save_finished(tiny_network(), tmp_path, {})
    index = tmp_path / "ckpt-0.index"
    index.unlink()
    index.mkdir()
    with pytest.raises(IsADirectoryError):
        damage(str(tmp_path / "ckpt-0"))


def test_what_tensorflow_may_not_read_is_not_damaged(tmp_path, another_user):
    """Python opens it here; TensorFlow asks whether the real user may."""
    save_finished(tiny_network(), tmp_path, {})
    with another_user(0), pytest.raises(PermissionError, match="ckpt-0.index"):
        damage(str(tmp_path / "ckpt-0"))


def test_finished_json_is_damaged(copy):
    (copy / "finished.json").write_text(json.dumps({"steps": 6})[:-1])
    with pytest.raises(UserError, match="finished.json"):
        restore(tiny_network(), copy)


def test_restoring_nothing(tmp_path):
    with pytest.raises(UserError, match=f"no checkpoint in {tmp_path}"):
        restore(tiny_network(), tmp_path)


def test_restoring_another_network(whole):
    """Kernels of 5 channels do not take those of 4; nor what is not there."""
    with pytest.raises(UserError, match="another one than recipe.yaml.*shape"):
        restore(tiny_network(width=5), whole[0])
    deeper = keras.Sequential([tiny_network(), keras.layers.Dense(2)])
    with pytest.raises(UserError, match="another one than recipe.yaml"):
        restore(deeper, whole[0])
