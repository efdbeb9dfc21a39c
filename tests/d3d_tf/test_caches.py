"""A cache without a home: where, and when not."""

import os
import subprocess
import sys

import pytest

from d3d_tf.caches import cache_folder, home_cache


@pytest.fixture
def homeless(tmp_path, monkeypatch):
    """A process whose home cannot be made, and its folder of temporary files.

    (`/dev/null/x` cannot be made by root, either.)
    """

    def ask() -> str:
        code = "from d3d_tf.caches import cache_folder; print(cache_folder())"
        return subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"HOME": "/dev/null/x", "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
        ).stdout.strip()

    return ask


def test_a_home_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == home_cache() == tmp_path / ".cache/d3d_tf"
    assert cache_folder().is_dir()


def test_without_a_home_there_is_a_private_folder(tmp_path, homeless):
    private = tmp_path / f"d3d_tf-{os.geteuid()}"
    assert homeless() == homeless() == str(private)
    assert private.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_in_is_not_used(tmp_path, homeless):
    private = tmp_path / f"d3d_tf-{os.geteuid()}"
    private.mkdir(mode=0o777)
    private.chmod(0o777)
    assert homeless() == "None"
    private.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    private.symlink_to(tmp_path / "elsewhere")
    assert homeless() == "None"


def test_a_folder_of_another_user_is_not_used(tmp_path, homeless):
    if os.geteuid():
        pytest.skip("only root gives folders away")
    private = tmp_path / "d3d_tf-0"
    private.mkdir(mode=0o700)
    os.chown(private, 65534, 65534)
    assert homeless() == "None"


def test_a_user_whom_nobody_knows(monkeypatch):
    """Without HOME and without a line in /etc/passwd: `~` stays `~`."""
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert home_cache() is None
