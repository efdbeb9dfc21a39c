"""What `pip install d3d_tf-*.whl` brings, away from this checkout."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.test_readme import blocks

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "d3d_tf": "d3d_tf",
    "tfrecords": "d3d_tf/tfrecords",
    "hub_export": "d3d_tf/hub_export",
}
# TF_ENABLE_ONEDNN_OPTS: at full speed on a processor with AVX2 only.
ENVIRONMENT = {
    key: value for key, value in os.environ.items() if key != "PYTHONPATH"
} | {"TF_ENABLE_ONEDNN_OPTS": "1"}
SMALL_TOY = [
    "toy.train_videos=16",
    "toy.test_videos=16",
    "toy.size=32",
    "toy.num_frames=8",
    "data.short_side=32",
    "data.num_shards=1",
    "clip.size=16",
    "clip.frames=4",
    "flow.warps=1",
    "flow.scales=1",
    "steps=2",
    "batch_size=4",
    "depth_multiplier=0.1",
    "min_depth=4",
]


def run(words: list, folder: Path) -> str:
    """What it prints; fails with what it says if it fails."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built of a copy of what is tracked, as a checkout may hold more."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "setup.py", "pyproject.toml", *FOLDERS],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("needs a checkout with git")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            copy = folder / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run(
        [*pip, "--no-build-isolation", "--wheel-dir", folder, "."],
        folder / "source",
    )
    (path,) = folder.glob("*.whl")
    return path


def test_every_file_is_in_the_wheel_and_nothing_else(wheel):
    """Modules and package data, by content."""
    source = wheel.parent / "source"
    expected = {
        (Path(package) / path.relative_to(source / folder)).as_posix(): path
        for folder, package in FOLDERS.items()
        for path in (source / folder).rglob("*")
        if path.is_file() and path.name != "BUILD"
    }
    with zipfile.ZipFile(wheel) as archive:
        there = {
            name: archive.read(name)
            for name in archive.namelist()
            if ".dist-info/" not in name
        }
    assert there.keys() == expected.keys()
    assert [n for n in there if there[n] != expected[n].read_bytes()] == []
    assert "d3d_tf/report/page.html" in there  # And it is not all empty.


@pytest.mark.large
@pytest.mark.parametrize("pinned", [[], ["tensorflow==2.15.1"]], ids=str)
def test_a_wheel_in_an_empty_environment(wheel, tmp_path, pinned):
    """With the dependencies that pip finds for what setup.py declares.

    Needs a package index. The second are those beside the TensorFlow of the
    card lane, which ends at Python 3.11.
    """
    if pinned and sys.version_info >= (3, 12):
        pytest.skip("TensorFlow 2.15 has no wheel for this Python")
    python = tmp_path / "venv" / "bin" / "python"
    run([sys.executable, "-m", "venv", tmp_path / "venv"], tmp_path)
    install = ["-m", "pip", "install", "--quiet"]
    run([python, *install, f"{wheel}[data,report]", *pinned], tmp_path)
    (code,) = blocks("python")
    run([python, "-W", "error:::d3d_tf", "-c", code], tmp_path)
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()
    main = [python, "-m", "d3d_tf.main"]
    seconds = []
    for _ in range(3):  # The first compiles the modules to .pyc files.
        start = time.perf_counter()
        assert "--mode" in run([*main, "--help"], tmp_path)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    run(
        [*main, "--mode=distill", *(f"--set={key}" for key in SMALL_TOY)],
        tmp_path,
    )
    assert (tmp_path / "runs" / "toy" / "report.html").exists()
    assert (tmp_path / "runs" / "toy" / "export" / "1").is_dir()
    # Nothing of it was this checkout's.
    where = run([python, "-c", "import d3d_tf; print(d3d_tf)"], tmp_path)
    assert str(tmp_path / "venv") in where
