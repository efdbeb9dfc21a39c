"""On the toy's records: a page, or only an answer."""

import pytest

from d3d_tf.commands import doctor
from d3d_tf.errors import UserError


def test_a_page(toy, tmp_path, capsys):
    folder = toy.dataset().folder
    doctor.run(toy.recipe, data=str(folder), run_dir=str(tmp_path), sample=2)
    assert "OK      " in capsys.readouterr().out
    assert (tmp_path / "doctor.html").exists()


def test_quiet(toy, tmp_path, capsys):
    folder = toy.dataset().folder
    doctor.run(
        toy.recipe,
        data=str(folder),
        run_dir=str(tmp_path),
        sample=2,
        quiet=True,
    )
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_damaged(toy, copied_run, capsys):
    (copied_run.folder / "results.json").write_text("{")
    with pytest.raises(UserError, match="1 of 2 checks found errors"):
        doctor.run(toy.recipe, checkpoint=str(copied_run.folder), quiet=True)
    assert capsys.readouterr().out == ""
