"""What a name on the command line opens."""

import os

import pytest

from d3d_tf.errors import UsageError
from d3d_tf.recipes import TOY
from d3d_tf.runs import from_published
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import newest_run, open_run
from d3d_tf.runs.origin import Origin


def make_run(folder):
    Run(folder).start(TOY, ["a", "b"], Origin(records=None, flow={}))
    return folder


def test_a_run(tmp_path):
    assert open_run(str(make_run(tmp_path / "a"))) == Run(tmp_path / "a")


def test_a_published_name(monkeypatch):
    seen = []
    monkeypatch.setattr(
        from_published, "published_run", lambda name: seen.append(name) or "run"
    )
    assert open_run("i3d_flow_kinetics400") == "run"
    assert seen == ["i3d_flow_kinetics400"]


def test_a_folder_goes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "i3d_flow_kinetics400")
    found = open_run("i3d_flow_kinetics400")
    assert found.folder.resolve() == tmp_path / "i3d_flow_kinetics400"


def test_a_checkpoint_is_not_a_run_yet(tmp_path):
    (tmp_path / "model.ckpt.index").touch()
    with pytest.raises(UsageError, match="--mode=convert --checkpoint=.*ckpt"):
        open_run(str(tmp_path / "model.ckpt"))


def test_nothing(tmp_path):
    with pytest.raises(
        UsageError, match="is no run: no recipe.yaml.*i3d_rgb_kinetics400, "
    ):
        open_run(str(tmp_path))


def test_the_newest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no run in runs/"):
        newest_run()
    for age, name in enumerate("ba"):
        path = make_run(tmp_path / "runs" / name) / "recipe.yaml"
        os.utime(path, (1000 + age, 1000 + age))
        assert newest_run().folder.name == name
    # A clock that was wrong may have made the other one the newest.
    assert capsys.readouterr().out == (
        "run: runs/a, the newest of 2 by its recipe.yaml\n"
    )
