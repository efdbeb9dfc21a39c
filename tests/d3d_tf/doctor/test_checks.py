"""What a user sees: lines, the page, the exit."""

import re
import tempfile
from types import SimpleNamespace

import pytest

from d3d_tf.config import DataRecipe, override
from d3d_tf.doctor.checks import examine
from d3d_tf.errors import UserError
from d3d_tf.recipes import RECIPES
from d3d_tf.tasks import TASKS

OWN = RECIPES["own_videos"]
CHECKS = [
    "shards",
    "counts",
    "digests",
    "label map",
    "schema",
    "labels",
    "flow",
    "pictures",
    "alignment",
    "repeated frames",
    "leaks",
    "balance",
    "losses",
]


def test_sound_records(records, tmp_path, monkeypatch, capsys):
    """One line per check, all OK; the page is not in the records."""
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in records.folder.iterdir())
    examine(OWN, str(records.folder), None, None, 32)
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].split(None, 1) for line in lines] == [
        ["OK", check] for check in CHECKS
    ]
    assert last == "page: doctor/records/doctor.html"
    assert sorted(path.name for path in records.folder.iterdir()) == before
    page = (tmp_path / "doctor/records/doctor.html").read_text()
    # Six videos; each stored, and as three epochs see it.
    assert page.count("data:image/webp;base64,") == 6 * 4
    assert page.count('class="OK"') == len(CHECKS)
    # 7/8 of 40 in sixteens is 32; the shortest video has 6 frames.
    assert re.search(r"6 frames, 32 x 32 pixels,\s+half of them mirrored", page)


def test_the_recipe_says_what_training_sees(records, tmp_path):
    recipe = override(OWN, ["clip.flip=false", "clip.size=16", "clip.frames=4"])
    examine(recipe, str(records.folder), None, str(tmp_path / "out"), 2)
    page = (tmp_path / "out/doctor.html").read_text()
    assert re.search(r"4 frames, 16 x 16 pixels,\s+none mirrored", page)
    assert page.count("data:image/webp;base64,") == 2 * 4


def test_the_recipe_s_task_says_what_a_label_is(records, monkeypatch):
    """That of `tests/regression.py` knows no names of classes."""
    monkeypatch.setitem(TASKS, "regression", "tests.regression")

    def rename(example):
        name = example.context.feature["clip/label/string"]
        name.bytes_list.value[:] = [b"up"]

    records.rewrite(rename)
    data = str(records.folder)
    examine(SimpleNamespace(task="regression"), data, None, None, 1, page=False)
    with pytest.raises(UserError, match="found errors: labels"):
        examine(OWN, data, None, None, 1, page=False)


def test_damage_fails_and_is_shown(records, tmp_path, capsys):
    """The checks behind the broken one are still made."""
    (records.folder / "label_map.txt").unlink()
    with pytest.raises(UserError, match="1 of 13 checks found errors: label"):
        examine(OWN, str(records.folder), None, str(tmp_path), 0)
    out = capsys.readouterr().out
    assert "ERROR   label map: 2 classes; label_map.txt is missing" in out
    assert out.count("OK ") == 12
    assert "label_map.txt is missing" in (tmp_path / "doctor.html").read_text()


def test_a_page_goes_where_it_may(
    records, tmp_path, small_disk, monkeypatch, capsys
):
    """The folder is on a read-only disk; then there is no other, either."""
    small_disk("size=100k")
    closed = small_disk("remount,ro")
    monkeypatch.chdir(closed)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    examine(OWN, str(records.folder), None, None, 1)
    *_, why, last = capsys.readouterr().out.splitlines()
    (folder,) = tmp_path.glob("d3d_tf-doctor-*")
    assert why == (
        f"in {folder}, as {closed} cannot be used: Read-only file system. "
        "Choose another place, or have the right given to you."
    )
    assert last == f"page: {folder}/doctor.html"
    assert (folder / "doctor.html").exists()
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    examine(OWN, str(records.folder), None, None, 1)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"no page: {closed} cannot be used: Read-only")


def test_without_a_page(records, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    examine(OWN, str(records.folder), None, None, 1, page=False)
    assert "page" not in capsys.readouterr().out
    assert set(tmp_path.iterdir()) == before


def test_videos_are_no_records(tmp_path):
    with pytest.raises(UserError, match="run --mode=prepare first"):
        examine(OWN, str(tmp_path), None, None, 1)


def test_without_anything_the_machine_is_looked_at(tmp_path, capsys):
    """The tests run, so nothing can be wrong."""
    examine(OWN, None, None, None, 32)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].split(None, 1)[1] for line in lines] == [
        "packages",
        "devices",
        "processor",
        "opencv",
        "numba",
        "decoding",
        "disk",
    ]
    assert not [line for line in lines if line.startswith("ERROR")]


def test_the_short_side_is_that_of_the_records(records):
    """Or the tests above would show another thing than they say."""
    assert DataRecipe(**records.dataset.info["recipe"]["data"]).short_side == 40
