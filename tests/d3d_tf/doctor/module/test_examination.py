"""What a user sees who gives a module to the doctor."""

import json
import shutil

import pytest

from d3d_tf.doctor.checks import examine
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import RECIPES
from d3d_tf.sealed import sealed
from tests.d3d_tf.doctor.module.impostor import save

OWN = RECIPES["own_videos"]
CHECKS = ["module", "input", "labels", "signatures", "warm-up", "example"]


def lines(capsys) -> list[list[str]]:
    """Level and check of each finding."""
    out = capsys.readouterr().out.splitlines()
    return [line.split(":")[0].split(None, 1) for line in out]


def doctor(module):
    examine(OWN, str(module), None, None, 32)


def test_an_export(served, tmp_path, monkeypatch, capsys):
    """Nothing is written."""
    monkeypatch.chdir(tmp_path)
    doctor(served.path)
    found = lines(capsys)
    assert [check for _, check in found] == CHECKS
    assert not [check for level, check in found if level == "ERROR"]
    assert not list(tmp_path.iterdir())


def test_without_module_json(served, tmp_path, capsys):
    folder = shutil.copytree(served.path, tmp_path / "1")
    (folder / "module.json").unlink()
    with pytest.raises(UserError, match="1 of 1 checks found errors: module"):
        doctor(folder)
    assert "module.json is missing, so nobody knows what it takes" in (
        capsys.readouterr().out
    )


def test_fewer_names_than_logits(served, tmp_path, capsys):
    """Two of three: everything that needs no names is looked at still."""
    folder = shutil.copytree(served.path, tmp_path / "1")
    (folder / "assets/labels.txt").write_text("a\nb\n")
    with pytest.raises(UserError, match="1 of 6 checks found errors: labels"):
        doctor(folder)
    shown = capsys.readouterr().out
    assert "the module gives 3 logits; labels.txt is not the one" in shown


def test_features(tmp_path, capsys):
    doctor(save(tmp_path / "1", kind="feature_vector"))
    found = dict(reversed(pair) for pair in lines(capsys))
    assert found["labels"] == "OK"
    assert found["example"] == "WARNING"


def test_the_folder_above_is_none(served):
    with pytest.raises(UsageError, match="name one: --data=.*export/1"):
        examine(OWN, str(served.path.parent), None, None, 1)


def test_what_does_not_go_together(served):
    with pytest.raises(UsageError, match="no records of the run"):
        examine(OWN, str(served.path), "runs/toy", None, 1)


@pytest.mark.large
def test_a_module_of_features(feature_module, tmp_path, capsys):
    """Its signatures and its example are asked; what is damaged is named."""
    doctor(feature_module)
    found = lines(capsys)
    assert [check for _, check in found] == CHECKS
    assert not [check for level, check in found if level == "ERROR"]
    folder = shutil.copytree(feature_module, tmp_path / "1")
    told = json.loads((folder / "module.json").read_text())
    told["input"]["audio"] = 64
    told.pop("sha256", None)
    (folder / "module.json").write_text(sealed(told))
    path = folder / "assets.extra/example/answer.json"
    answer = json.loads(path.read_text())
    answer["values"] = answer["values"][::-1]
    path.write_text(sealed(answer))
    with pytest.raises(UserError, match="2 of 6 checks.*: input, example"):
        doctor(folder)
    said = capsys.readouterr().out
    assert "rgb and audio are [1152, 1024, 64]; the first is the sum" in said
