"""A damaged checkpoint costs the steps since the one before, and no more."""

import re
import shutil

import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.training.checkpoints import is_finished, restore
from d3d_tf.training.going_back import reopen_damaged, set_damaged_aside
from tests.d3d_tf.training.conftest import (
    DAMAGE,
    DATA,
    INDEX,
    history,
    latest,
    same_weights,
)
from tests.harness import tiny_network


@pytest.fixture
def stopped(whole, tmp_path):
    """The folder of a training killed after step 6, before it could end."""
    folder = tmp_path / "run" / "checkpoints" / "student"
    shutil.copytree(whole[0], folder)
    (folder / "finished.json").unlink()
    return folder


@pytest.mark.parametrize("fault", DAMAGE)
def test_what_is_damaged_is_set_aside(stopped, fault, capsys):
    told = DAMAGE[fault](stopped)
    assert set_damaged_aside(stopped) == (4 if told else 6)
    shown = capsys.readouterr().out
    if told:
        assert shown == (
            f"warning: {stopped}/{told}: what is left of ckpt-6 is set aside "
            "as damaged-ckpt-6.*, training goes on from ckpt-4.\n"
        )
        assert list(stopped.glob("damaged-ckpt-6.*"))
        assert not list(stopped.glob("ckpt-6.*"))
    else:
        assert shown == ""
    assert latest(stopped) == ("ckpt-4" if told else "ckpt-6")


@pytest.mark.parametrize("fault", ["data flipped", "list cut"])
def test_it_goes_on_from_the_one_before(whole, run, stopped, fault):
    """To the bit, as the training that nobody disturbed."""
    DAMAGE[fault](stopped)
    network = run(stopped)
    same_weights(network, whole[1], atol=0, rtol=0)
    assert history(stopped) == history(whole[0])
    assert is_finished(stopped)
    assert latest(stopped) == "ckpt-6"
    assert {path.stem for path in stopped.glob("ckpt-*.index")} == {
        "ckpt-4",
        "ckpt-6",
    }
    again = tiny_network()
    restore(again, stopped)
    same_weights(again, whole[1], atol=0, rtol=0)


def test_a_finished_network_goes_on_training(whole, run, stopped):
    """Only one whose end is damaged is opened again."""
    shutil.copy(whole[0] / "finished.json", stopped)
    assert not reopen_damaged(stopped)
    assert is_finished(stopped)
    DAMAGE["data flipped"](stopped)
    assert reopen_damaged(stopped)
    assert not is_finished(stopped)
    assert latest(stopped) == "ckpt-4"
    same_weights(run(stopped), whole[1], atol=0, rtol=0)


def test_finished_json_is_damaged(whole, run, stopped):
    """Nothing is trained: all six steps are there."""
    (stopped / "finished.json").write_bytes(b"{")
    assert reopen_damaged(stopped)
    same_weights(run(stopped), whole[1], atol=0, rtol=0)
    assert is_finished(stopped)
    assert history(stopped) == history(whole[0])


def test_none_can_be_read(run, stopped):
    """Nothing is thrown away."""
    for number in (4, 6):
        (stopped / f"ckpt-{number}.index").write_bytes(b"")
    before = {path.name for path in stopped.iterdir()}
    with pytest.raises(UserError) as error:
        run(stopped)
    assert str(error.value) == (
        f"No checkpoint in {stopped} can be read: ckpt-6.index is damaged, "
        "ckpt-4.index is damaged. Remove that folder to train the network "
        "from its beginning."
    )
    assert {path.name for path in stopped.iterdir()} == before


def test_a_finished_network_without_checkpoints(whole, tmp_path):
    shutil.copy(whole[0] / "finished.json", tmp_path)
    with pytest.raises(UserError, match=f"{tmp_path} has no checkpoint"):
        reopen_damaged(tmp_path)


def test_a_kill_in_the_first_save_is_no_damage(whole, tmp_path, capsys):
    """The numbers are there, the index and TensorFlow's list are not yet."""
    shutil.copy(whole[0] / DATA, tmp_path)
    assert set_damaged_aside(tmp_path) is None
    shutil.copy(whole[0] / "ckpt-4.index", tmp_path)
    shutil.copy(whole[0] / "ckpt-4.data-00000-of-00001", tmp_path)
    assert set_damaged_aside(tmp_path) == 4
    assert (tmp_path / DATA).exists()
    assert capsys.readouterr().out == ""


def test_the_newest_one_was_saved_and_not_yet_listed(whole, tmp_path):
    """A kill between the two; TensorFlow's list is what its reader takes."""
    for path in whole[0].glob("ckpt-*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "ckpt-4"\n')
    assert set_damaged_aside(tmp_path) == 6
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state.model_checkpoint_path == str(tmp_path / "ckpt-6")
    assert list(state.all_model_checkpoint_paths) == [
        str(tmp_path / "ckpt-4"),
        str(tmp_path / "ckpt-6"),
    ]
    assert (tmp_path / INDEX).exists()


@pytest.mark.parametrize("before", [[], [4]])
def test_a_full_disk_in_a_save_is_no_damage(whole, tmp_path, capsys, before):
    """A part of the index has its final name, and is in no list."""
    for number in (*before, 6):
        for path in whole[0].glob(f"ckpt-{number}.*"):
            shutil.copy(path, tmp_path)
    if before:
        text = 'model_checkpoint_path: "ckpt-4"\n'
        (tmp_path / "checkpoint").write_text(text)
    index = tmp_path / INDEX
    index.write_bytes(index.read_bytes()[:100])
    assert set_damaged_aside(tmp_path) == (before[0] if before else None)
    assert not list(tmp_path.glob("*ckpt-6*"))
    assert capsys.readouterr().out == ""


def test_a_clock_that_was_ahead_keeps_no_checkpoint_for_ever(run, stopped):
    """TensorFlow removes none that is older than the last it preserved."""
    listed = (stopped / "checkpoint").read_text()
    future = re.sub(r"(timestamps?): [\d.e+]+", r"\1: 4e+09", listed)
    assert future.count("4e+09") == 3
    (stopped / "checkpoint").write_text(future)
    run(stopped, steps=10)
    kept = {path.stem for path in stopped.glob("ckpt-*.index")}
    assert kept == {"ckpt-8", "ckpt-10"}


def test_what_a_kill_left_of_a_save_goes(whole, tmp_path):
    """Names of TensorFlow: a part, files not renamed yet, and its list."""
    for path in whole[0].glob("ckpt-*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "ckpt-9_temp").mkdir()
    for name in (
        "ckpt-9_temp/part-00000-of-00001.data-00000-of-00001",
        "ckpt-9.data-00000-of-00001.tempstate123",
        "ckpt-9.index.tempstate123",
        "checkpoint.tmp9a1b",
    ):
        (tmp_path / name).write_text("half")
    (tmp_path / "notes.tmp").write_text("mine")
    assert set_damaged_aside(tmp_path) == 6
    kept = {path.name for path in whole[0].glob("ckpt-*")}
    assert {p.name for p in tmp_path.iterdir()} == kept | {
        "checkpoint",
        "notes.tmp",
    }
