"""Where what the doctor writes has room."""

import os
import tempfile

import pytest

from d3d_tf.disk import DiskError
from d3d_tf.doctor.place import ROOM, place_for


def test_what_is_wanted_is_taken_and_not_made(tmp_path, capsys):
    assert place_for(tmp_path / "a/b") == tmp_path / "a/b"
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("size", [ROOM // 2, 2 * ROOM])
def test_a_folder_with_room(tmp_path, small_disk, monkeypatch, capsys, size):
    disk = small_disk(f"size={size}")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = place_for(disk / "a")
    if size > ROOM:
        assert found == disk / "a"
    else:
        assert found.parent == tmp_path
        said = capsys.readouterr().out
        assert f"{disk} cannot be written: No space" in said
    assert not os.listdir(disk)


def test_there_is_none(small_disk, monkeypatch):
    disk = small_disk("size=1m")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with pytest.raises(DiskError, match="what is written needs about 10 MB"):
        place_for(disk / "a")
    assert not os.listdir(disk)
