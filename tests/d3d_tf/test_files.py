"""Files appear whole or not at all."""

import os

import pytest

from d3d_tf.files import write_atomically


@pytest.mark.parametrize(
    ("content", "stored"),
    [("é\n", b"\xc3\xa9\n"), (b"\x00\xff\r\n", b"\x00\xff\r\n"), ("", b"")],
)
def test_content_is_stored_as_utf8_or_as_it_is(tmp_path, content, stored):
    write_atomically(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == stored
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_is_replaced_and_an_open_reader_keeps_the_old(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with open(path) as reader:
        write_atomically(str(path), "new, and longer")
        assert reader.read() == "old"
    assert path.read_text() == "new, and longer"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_after_a_failure_the_old_file_is_there_and_nothing_else(
    tmp_path, monkeypatch, failing
):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def disk_full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, failing, disk_full)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]
