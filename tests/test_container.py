"""The usual container: a user without a home, in an install of root's."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.test_wheel import FOLDERS, ROOT, SMALL_TOY

UID = 54321  # Whom nobody knows: no name, no home.


@pytest.fixture
def elsewhere() -> Path:
    """An install that only root may change, and a folder for the work.

    Not below `tmp_path`, which is closed to others.
    """
    if os.geteuid():
        pytest.skip("only root can become another user")
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv (util-linux)")
    folder = Path(tempfile.mkdtemp())
    for name, source in FOLDERS.items():
        shutil.copytree(
            ROOT / name,
            folder / "site" / source,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("work", "tmp"):
        (folder / name).mkdir()
        os.chown(folder / name, UID, UID)
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_another(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """May read everything, as the interpreter may lie in root's home."""
    return subprocess.run(
        [
            *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"),
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
            *(sys.executable, "-c", MAIN, str(folder / "site"), *words),
        ],
        cwd=folder / "work",
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "TMPDIR": str(folder / "tmp"),
        },
        capture_output=True,
        text=True,
    )


# An editable install of this checkout would come first.
MAIN = """
import runpy, sys
site = sys.argv.pop(1)
sys.meta_path[:] = [f for f in sys.meta_path if "ditable" not in str(f)]
sys.path.insert(0, site)
import d3d_tf
assert d3d_tf.__file__.startswith(site), d3d_tf
sys.argv[0] = site + "/d3d_tf/main.py"
runpy.run_module("d3d_tf.main", run_name="__main__", alter_sys=True)
"""


@pytest.mark.large
def test_the_demo_of_another_user(elsewhere):
    """From videos to report and module, and nothing outside of its folder."""
    done = as_another(
        elsewhere,
        "--mode=distill",
        *(f"--set={key}" for key in SMALL_TOY),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run = elsewhere / "work/runs/toy"
    assert done.stdout.endswith("report: runs/toy/report.html\n")
    assert (run / "report.html").exists() and (run / "export/1").is_dir()
    assert "Traceback" not in done.stderr
    assert sorted(os.listdir(elsewhere / "work")) == ["records", "runs"]
    owners = {p.stat().st_uid for p in (elsewhere / "site").rglob("*")}
    assert owners == {0}
    asked = as_another(
        elsewhere, "--mode=doctor", "--checkpoint=runs/toy", "--quiet"
    )
    assert (asked.returncode, asked.stdout) == (0, ""), asked.stderr


@pytest.mark.large
def test_a_folder_of_others_is_refused_at_once(elsewhere):
    os.chown(elsewhere / "work", 0, 0)
    done = as_another(
        elsewhere,
        "--mode=prepare",
        *(f"--set={key}" for key in SMALL_TOY),
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: records")
    assert "cannot be used: Permission denied" in done.stderr
