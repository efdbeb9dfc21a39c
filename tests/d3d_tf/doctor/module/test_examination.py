"""What a user sees who gives a module to the doctor."""

import json
import shutil

import numpy as np
import pytest

from d3d_tf.doctor.checks import examine
from d3d_tf.doctor.module.mistakes import MISTAKES
from d3d_tf.errors import UsageError, UserError
from d3d_tf.recipes import RECIPES
from tests.d3d_tf.doctor.module.conftest import CLIP, LABELS
from tests.d3d_tf.doctor.module.impostor import save
from tests.d3d_tf.doctor.module.programs import answers, clip_of

OWN = RECIPES["own_videos"]
CHECKS = ["module", "input", "labels", "signatures", "warm-up", "answers"]


def lines(capsys) -> list[list[str]]:
    """Level and check of each finding."""
    out = capsys.readouterr().out.splitlines()
    return [line.split(":")[0].split(None, 1) for line in out]


def doctor(module, out, answers=None):
    examine(OWN, str(module), None, str(out), 32, answers and str(answers))


@pytest.mark.large
def test_a_module_and_then_its_callers(served, tmp_path, capsys):
    doctor(served.path, tmp_path)
    *found, last = lines(capsys)
    assert [check for _, check in found] == [
        *CHECKS,
        *(f"if {mistake.words}" for mistake in MISTAKES),
    ]
    assert not [check for level, check in found if level == "ERROR"]
    assert last[0] == "your"
    clips = sorted((tmp_path / "clips").glob("*.mp4"))
    assert len(clips) == 4
    assert (tmp_path / "README.md").exists()

    file = tmp_path / "answers.json"
    content = answers(served.path, clips, LABELS, **CLIP)
    file.write_text(json.dumps(content))
    doctor(served.path, tmp_path, file)
    out = capsys.readouterr().out
    assert "\n  0.00" in out
    assert "OK      caller: answers to 4 clips are those of a right" in out

    content = answers(served.path, clips, LABELS, **CLIP, mistakes={"BGR"})
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="1 of 4 checks found errors: caller"):
        doctor(served.path, tmp_path, file)
    assert "ERROR   caller: answers to 4 clips; BGR, not RGB (0.00" in (
        capsys.readouterr().out
    )


def test_without_module_json(served, tmp_path, capsys):
    folder = shutil.copytree(served.path, tmp_path / "1")
    (folder / "module.json").unlink()
    with pytest.raises(UserError, match="1 of 1 checks found errors: module"):
        doctor(folder, tmp_path / "kit")
    assert "module.json is missing, so nobody knows what it takes" in (
        capsys.readouterr().out
    )
    assert not (tmp_path / "kit").exists()


def test_names_that_are_not_the_modules(served, tmp_path, capsys):
    """Its callers cannot be judged by them."""
    folder = shutil.copytree(served.path, tmp_path / "1")
    (folder / "assets/labels.txt").write_text("\n".join(sorted(LABELS)) + "\n")
    with pytest.raises(UserError, match="1 of 3 checks found errors: labels"):
        doctor(folder, tmp_path / "kit", tmp_path / "any.json")


def test_fewer_names_than_logits(served, tmp_path, capsys):
    """Two of five: everything that needs no names is looked at still."""
    folder = shutil.copytree(served.path, tmp_path / "1")
    (folder / "assets/labels.txt").write_text("a\nb\n")
    with pytest.raises(UserError, match="checks found errors: labels"):
        doctor(folder, tmp_path / "kit")
    shown = capsys.readouterr().out
    assert "the module gives 5 logits; labels.txt is not the one" in shown
    assert "if BGR, not RGB" in shown
    assert "if labels" not in shown


def test_features(tmp_path, bundled, capsys):
    """Nine times the mean of red less that of blue, and the opposite."""
    path = save(tmp_path / "1", kind="feature_vector")
    doctor(path, tmp_path)
    found = dict(reversed(pair) for pair in lines(capsys)[:-1])
    assert found["labels"] == "OK"
    assert "if labels sorted by name" not in found
    content = {}
    for clip in bundled:
        given = clip_of(clip, frames=4, size=16, short_side=16)
        red = 9 * np.mean(given[..., 2] - given[..., 0])  # Which is blue.
        content[clip.stem] = [float(red), float(-red)]
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="caller"):
        doctor(path, tmp_path, tmp_path / "a.json")
    assert "4 clips; BGR, not RGB (0.00" in capsys.readouterr().out


def test_the_folder_above_is_none(served):
    with pytest.raises(UsageError, match="name one: --data=.*export/1"):
        examine(OWN, str(served.path.parent), None, None, 1)


def test_what_does_not_go_together(served, tmp_path):
    with pytest.raises(UsageError, match="a module's clips.* got /"):
        examine(OWN, str(tmp_path), None, None, 1, "answers.json")
    with pytest.raises(UsageError, match="no records of the run"):
        examine(OWN, str(served.path), "runs/toy", None, 1)
