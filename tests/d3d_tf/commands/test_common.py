"""What the modes that a recipe drives refuse, and what a dry run shows."""

import os

import pytest

from d3d_tf import config
from d3d_tf.commands import distill, finetune, prepare, train
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY

FROZEN = config.override(TOY, ["freeze_to=Mixed_3b"])


@pytest.mark.parametrize("mode", [prepare, train, distill])
def test_freezing_has_no_effect_elsewhere_and_is_refused(mode):
    name = mode.__name__.rpartition(".")[2]
    with pytest.raises(UsageError, match=f"no effect with --mode={name}"):
        mode.run(FROZEN, dry_run=True)


def test_a_dry_run_says_what_would_be_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    finetune.run(FROZEN, checkpoint="anything", dry_run=True)
    shown = capsys.readouterr().out
    assert "freeze_to: Mixed_3b" in shown
    assert shown.endswith("would finetune the toy videos into runs/toy\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["run_dir", "records_dir"])
@pytest.mark.parametrize("place", ["file", "file/below/it"])
def test_a_file_where_a_folder_should_be(tmp_path, flag, place):
    (tmp_path / "file").write_text("mine")
    given = str(tmp_path / place)
    with pytest.raises(UsageError, match=f"--{flag}={given} cannot be used: "):
        distill.run(TOY, dry_run=True, **{flag: given})


def test_a_folder_of_somebody_else(tmp_path, monkeypatch):
    """As root may write everywhere, the system is made to say no."""
    monkeypatch.setattr(
        os,
        "access",
        lambda place, mode, **_: (place, mode) != (tmp_path, os.W_OK),
    )
    run = str(tmp_path / "run")
    with pytest.raises(UsageError, match="no folder that you may write in"):
        distill.run(TOY, run_dir=run, dry_run=True)
    # Records that are there may belong to others.
    distill.run(TOY, records_dir=str(tmp_path), dry_run=True)
