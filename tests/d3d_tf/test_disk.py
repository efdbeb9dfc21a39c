"""What real disks refuse, to Python and to TensorFlow, in one line."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from d3d_tf.atomic_files import write_atomically
from d3d_tf.disk import (
    DiskError,
    naming_refusal,
    refusal,
    require_folder,
    require_own_folder,
    size_of,
)
from d3d_tf.errors import UsageError


@pytest.mark.parametrize(
    "count, text",
    [
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (12_345_678, "12 MB"),
        (3_400_000_000, "3.4 GB"),
        (25_000_000_000_000_000, "25000 TB"),
    ],
)
def test_sizes(count, text):
    assert size_of(count) == text


def test_a_full_disk_says_what_is_needed_and_what_is_free(small_disk):
    """100 kB, of which 32 go: 64 kB do not fit twice."""
    disk = small_disk("size=100k")
    write_atomically(disk / "first", bytes(64_000))
    with pytest.raises(DiskError) as caught:
        write_atomically(disk / "x.json", bytes(64_000))
    # 25 pages of 4,096 bytes, of which 16 are taken.
    assert str(caught.value) == (
        f"{disk}/x.json cannot be written: No space left on device; it needs "
        "about 64 kB, 37 kB are free. Make room; the same command goes on "
        "from there."
    )
    assert os.listdir(disk) == ["first"]


def test_a_read_only_disk(small_disk):
    small_disk("size=100k")
    disk = small_disk("remount,ro")
    with pytest.raises(DiskError) as caught:
        write_atomically(disk / "x", "x")
    assert f"{disk}/x cannot be used: Read-only file system" in str(
        caught.value
    )


def test_errors_of_tensorflow_are_understood(small_disk):
    disk = small_disk("size=100k")
    with (
        pytest.raises(DiskError, match="needs about 2.0 MB") as caught,
        naming_refusal(disk / "ckpt", 2_000_000, "a checkpoint"),
    ):
        tf.io.write_file(str(disk / "ckpt-1"), "x" * 2_000_000)
    assert f"{disk}/ckpt cannot be written: No space left" in str(caught.value)


def test_nobody_named_it(small_disk):
    """As `main` gets it: the path is in the error."""
    disk = small_disk("size=100k")
    variable = tf.Variable(tf.zeros([100_000]))
    for write in (
        lambda: tf.io.write_file(str(disk / "a b"), "x" * 200_000),
        lambda: tf.train.Checkpoint(v=variable).write(str(disk / "ckpt")),
        lambda: os.mkdir("/dev/null/x"),
    ):
        with pytest.raises(Exception) as caught:
            write()
        text = refusal(caught.value)
        assert text.startswith((f"{disk}/", "/dev/null/x cannot be used: Not"))
        assert "\n" not in text and text.endswith(".")


def test_a_traceback_of_a_worker_is_understood():
    path = "/x/y z.tfrecord"
    error = OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), path)
    text = f"Traceback (most recent call last):\nOSError: {error} [while x]"
    assert refusal(RuntimeError(text)).startswith(
        f"{path} cannot be written: Disk quota exceeded, "
    )


def test_another_file_keeps_its_name(tmp_path):
    """A record that cannot be read is not the checkpoint being written."""
    with (
        pytest.raises(DiskError, match="^/a/b cannot be used: Permission"),
        naming_refusal(tmp_path / "ckpt", 5),
    ):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a/b")


@pytest.mark.parametrize(
    "error", [ValueError("x; y"), FileNotFoundError(2, "No such file", "x")]
)
def test_other_errors_stay_what_they_are(error):
    assert refusal(error) is None
    with pytest.raises(type(error)), naming_refusal("x"):
        raise error


def test_a_limit_on_sizes(tmp_path):
    """What batch systems set; by a process of its own."""
    code = (
        "import resource, sys\n"
        "from d3d_tf.atomic_files import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: write_atomically(sys.argv[1], bytes(9000))\n"
        "except Exception as e: print(type(e).__name__, e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x")],
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(
        f"DiskError {tmp_path}/x cannot be written: File too large; it needs "
        "about 9.0 kB, "
    )
    assert not list(tmp_path.iterdir())


def test_folders_that_are_needed(tmp_path):
    require_folder("--run_dir", tmp_path / "a/b", os.W_OK)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--run_dir=.*no folder that you may"):
        require_folder("--run_dir", Path(tmp_path, "file/x"), os.W_OK)


def test_folders_of_ones_own(tmp_path):
    """New, empty or written before, if nothing in them is read."""
    files, folder = ("a.csv", "a.mp4"), tmp_path / "out"
    require_own_folder("mode", folder, files, ["x.mp4", None])
    folder.mkdir()
    require_own_folder("mode", folder, files, [])
    for name in ("a.csv", "a.mp4", "a.mp4.tmp-1"):
        (folder / name).touch()
    require_own_folder("mode", folder, files, ["x.mp4"])
    others = "other files in it than --mode=mode wrote"
    with pytest.raises(UsageError, match=others):
        require_own_folder("mode", folder, files, [str(folder / "a.mp4")])
    (folder / "mine").touch()
    with pytest.raises(UsageError, match=others):
        require_own_folder("mode", folder, files, [])
    (folder / "mine").unlink()
    (folder / "a.mp4").unlink()  # The mark.
    with pytest.raises(UsageError, match=others):
        require_own_folder("mode", folder, files, [])
