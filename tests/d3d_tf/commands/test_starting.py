"""What a recipe starts; the modes themselves are tested where they are."""

import os

import pytest

from d3d_tf import config
from d3d_tf.commands.starting import start
from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY

NOTHING = {
    "data": None,
    "annotations": None,
    "records_dir": "records",
    "flow_dir": None,
    "teacher": None,
    "init": [],
    "checkpoint": None,
    "run_dir": None,
    "dry_run": True,
    "allow_flow_mismatch": False,
    "beam_args": [],
}
FROZEN = config.override(TOY, ["freeze_to=Mixed_3b"])


@pytest.mark.parametrize("mode", ["prepare", "train", "distill"])
def test_freezing_has_no_effect_elsewhere_and_is_refused(mode):
    with pytest.raises(UsageError, match=f"no effect with --mode={mode}"):
        start(mode, FROZEN, **NOTHING)


def test_a_dry_run_says_what_would_be_done(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    start("finetune", FROZEN, **NOTHING | {"checkpoint": "anything"})
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
        start("distill", TOY, **NOTHING | {flag: given})


def test_a_folder_of_somebody_else(tmp_path, monkeypatch):
    """As root may write everywhere, the system is made to say no."""
    monkeypatch.setattr(
        os, "access", lambda place, mode: (place, mode) != (tmp_path, os.W_OK)
    )
    run = str(tmp_path / "run")
    with pytest.raises(UsageError, match="no folder that you may write in"):
        start("distill", TOY, **NOTHING | {"run_dir": run})
    # Records that are there may belong to others.
    start("distill", TOY, **NOTHING | {"records_dir": str(tmp_path)})
