"""Files appear whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from d3d_tf.atomic_files import (
    appearing,
    file_size,
    is_literal,
    is_remote,
    literal,
    open_to_append,
    publish_folder,
    require_local,
    require_utf8,
    resolved,
    to_path,
    unfinished_folder,
    write_array,
    write_atomically,
)
from d3d_tf.disk import DiskError
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    ("content", "stored"),
    [("é\n", b"\xc3\xa9\n"), (b"\x00\xff\r\n", b"\x00\xff\r\n"), ("", b"")],
)
def test_content_is_stored_as_utf8_or_as_it_is(tmp_path, content, stored):
    write_atomically(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == stored
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_name_that_is_not_utf_8_stops_no_report(tmp_path):
    write_atomically(tmp_path / "a.html", os.fsdecode(b"<b>\xf1</b>"))
    assert (tmp_path / "a.html").read_text() == "<b>\\xf1</b>"


@pytest.mark.parametrize("name", ["a", "é %#'\n-", "s3://b/x[1]"])
def test_most_names_are_what_they_are_to_tensorflow(tmp_path, name):
    assert is_literal(name)
    with literal(name, make=True) as given:
        assert given == name
    assert not os.path.exists(name)


@pytest.mark.parametrize(
    "name", ["x[1]", "a*b", "a?", "a\\b", "a]", os.fsdecode(b"\xf1")]
)
def test_others_have_another_name_as_long_as_needed(tmp_path, name):
    folder = tmp_path / name
    assert not is_literal(folder)
    with literal(folder) as given:  # There is nothing to name.
        assert given == str(folder)
    with literal(folder, make=True) as given:
        assert is_literal(given)
        Path(given, "inside").mkdir()
        assert (folder / "inside").is_dir()
    assert not os.path.exists(given)


def test_records_need_a_name_in_utf_8():
    require_utf8("x[1] ü\n", "--records_dir")
    with pytest.raises(UsageError, match="--records_dir has a name that is"):
        require_utf8(os.fsdecode(b"a/\xf1/b"), "--records_dir")


def test_a_folder_is_published_into_one_with_an_odd_name(tmp_path):
    parent = tmp_path / "x[1]"
    with unfinished_folder(parent) as folder:
        assert is_literal(folder)
        folder.mkdir()
        (folder / "mark").touch()
        publish_folder(folder, parent / "1", mark="mark")
    assert os.listdir(parent) == ["1"] and (parent / "1/mark").exists()


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


def test_paths_of_a_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert to_path("a/b") == Path("a/b")
    assert not is_remote("a/b") and not is_remote(Path("s3:/a"))
    assert resolved(Path("a")) == tmp_path / "a"
    assert require_local("a", "It") == Path("a")
    (tmp_path / "a").write_bytes(b"12345")
    assert file_size("a") == 5


@pytest.mark.parametrize("given", ["gs://a/b", "http://a/b"])
def test_other_stores_are_refused(given):
    with pytest.raises(UsageError, match=f"{given}.*s3://BUCKET"):
        to_path(given)


def test_what_must_be_local():
    with pytest.raises(UsageError, match="--run_dir must.*s3://a/b"):
        require_local("s3://a/b", "--run_dir")


def test_a_file_that_is_not_finished_does_not_appear(tmp_path):
    with pytest.raises(KeyError), appearing(tmp_path / "a") as name:
        Path(name).write_text("half")
        raise KeyError
    assert os.listdir(tmp_path) == []
    with appearing(tmp_path / "a") as name:
        Path(name).write_text("whole")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text() == "whole"


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3), np.ones((2, 3), ">i2").T, np.zeros((0, 4))],
)
def test_an_array_is_what_numpy_reads(tmp_path, array):
    write_array(tmp_path / "a.npy", array)
    read = np.load(tmp_path / "a.npy")
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)
    assert os.listdir(tmp_path) == ["a.npy"]


def test_an_array_that_does_not_fit_says_so(small_disk):
    """NumPy itself would report bytes, and no cause."""
    disk = small_disk("size=100k")
    with pytest.raises(DiskError, match="a.npy cannot be written: No space"):
        write_array(disk / "a.npy", np.zeros(200_000, np.uint8))
    assert os.listdir(disk) == []


def test_a_folder_appears_by_rename(tmp_path):
    with unfinished_folder(tmp_path / "export") as folder:
        (folder / "assets").mkdir(parents=True)
        (folder / "assets/a").write_text("x")
        assert not folder.name.isdigit()
        publish_folder(folder, tmp_path / "export/1", mark="assets/a")
    assert [p.name for p in (tmp_path / "export").iterdir()] == ["1"]
    with pytest.raises(KeyError), unfinished_folder(tmp_path / "b") as folder:
        folder.mkdir()
        raise KeyError
    assert os.listdir(tmp_path / "b") == []


def test_what_a_killed_process_left_goes_and_what_a_living_one_makes_stays(
    tmp_path,
):
    code = (
        "import sys; from d3d_tf.atomic_files import unfinished_folder\n"
        f"with unfinished_folder(__import__('pathlib').Path({str(tmp_path)!r}))"
        " as folder:\n"
        " folder.mkdir(); print(folder, flush=True); sys.stdin.read()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    killed, alive = (Path(p.stdout.readline().strip()) for p in processes)
    processes[0].send_signal(signal.SIGKILL)
    processes[0].wait()
    assert killed.is_dir() and alive.is_dir()
    with unfinished_folder(tmp_path):
        assert not killed.exists() and alive.is_dir()
    processes[1].communicate("")
    assert os.listdir(tmp_path) == []


@pytest.mark.card
def test_an_object_store_behaves_like_a_disk(s3):
    top = to_path(s3)
    assert is_remote(top) and str(top) == s3 and resolved(top) == top
    assert not top.exists()
    top.mkdir(parents=True, exist_ok=True)
    write_atomically(top / "a/b.txt", "\xe9\n")
    assert (top / "a/b.txt").read_bytes() == b"\xc3\xa9\n"
    assert file_size(top / "a/b.txt") == 3
    assert top.is_dir() and not (top / "a/c.txt").exists()
    write_atomically(f"{s3}/a/c.bin", bytes(6_000_000))
    assert file_size(f"{s3}/a/c.bin") == 6_000_000
    names = [path.name for path in (top / "a").iterdir()]
    assert sorted(names) == ["b.txt", "c.bin"]
    assert [p.name for p in (top / "a").glob("*.txt")] == ["b.txt"]
    (top / "a/c.bin").unlink()
    assert not (top / "a/c.bin").exists()
    for read in (file_size, lambda path: path.read_text()):
        with pytest.raises(FileNotFoundError):
            read(top / "a/c.bin")
    with appearing(top / "d") as name:
        assert name == f"{s3}/d"


@pytest.mark.card
def test_lines_are_added_to_a_remote_file(s3):
    for text in ("first", "second"):
        with open_to_append(f"{s3}/log.txt") as file:
            file.write(f"{text}\n")
    assert to_path(f"{s3}/log.txt").read_text() == "first\nsecond\n"


@pytest.mark.card
def test_a_folder_is_uploaded_with_its_mark_last(s3, monkeypatch):
    from d3d_tf import atomic_files

    order = []

    def note(path, content):
        order.append(str(path).removeprefix(f"{s3}/1/"))
        write_atomically(path, content)

    monkeypatch.setattr(atomic_files, "write_atomically", note)
    with unfinished_folder(to_path(s3)) as folder:
        assert not is_remote(folder)
        (folder / "z").mkdir(parents=True)
        for name in ("mark", "a", "z/y"):
            (folder / name).write_text(name)
        publish_folder(folder, to_path(s3) / "1", mark="mark")
    assert sorted(order) == ["a", "mark", "z/y"] and order[-1] == "mark"
    assert (to_path(s3) / "1/z/y").read_text() == "z/y"
    assert not folder.exists()
