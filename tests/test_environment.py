"""Which lane a machine's Pythons get; these are scripts that say a version."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cut", "dirname", "sed", "sha256sum", "env")


@pytest.fixture
def machine(tmp_path):
    """A checkout without environments; PATH has what each test puts there."""
    checkout = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "requirements",
        checkout / "requirements",
    )
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def python(machine: Path, name: str, answer: str) -> Path:
    path = machine / "bin" / name
    path.write_text(f"#!/bin/bash\necho '{answer}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def choose(machine: Path, *arguments: str, **variables: str):
    return subprocess.run(
        [
            machine / "bin" / "bash",
            machine / "checkout" / "requirements" / "environment.sh",
            *("--folder", *arguments),
        ],
        env={"PATH": str(machine / "bin")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("pythons", "lane", "folder"),
    [
        ({"python3": "3.11 usable"}, "", ".venv"),
        ({"python3": "3.13 usable"}, "", ".venv-newest"),
        ({"python3": "3.12 usable"}, "", ".venv-newest"),
        ({"python3": "3.10 usable"}, "newest", ".venv-newest"),
        ({"python3": "3.11 usable"}, "newest", ".venv-newest"),
        # 3.11 has the lane of the card's packages, whatever is the default.
        (
            {"python3": "3.13 usable", "python3.11": "3.11 usable"},
            "",
            ".venv",
        ),
        # On Debian, python3.11 without python3.11-venv makes none.
        (
            {"python3": "3.13 usable", "python3.11": "3.11 bare"},
            "",
            ".venv-newest",
        ),
        (
            {"python3": "3.14 usable", "python3.13": "3.13 usable"},
            "",
            ".venv-newest",
        ),
    ],
)
def test_lane(machine, pythons, lane, folder):
    for name, answer in pythons.items():
        python(machine, name, answer)
    result = choose(machine, lane)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == folder


def test_python_by_path(machine):
    """Only that one counts; pyenv, uv and conda put theirs anywhere."""
    python(machine, "python3", "3.11 usable")
    other = python(machine, "mine", "3.12 usable")
    assert choose(machine, PYTHON=str(other)).stdout == ".venv-newest\n"
    wrong = choose(machine, "card", PYTHON=str(other))
    assert "needs CPython 3.11 (LANE=card)" in wrong.stderr


@pytest.mark.parametrize(
    ("pythons", "lane", "message"),
    [
        ({}, "", "needs CPython 3.10 to 3.13; there is none. Install one"),
        (
            {"python3": "3.9 usable"},
            "",
            "python3 is 3.9. Install one .*PYTHON=/path",
        ),
        ({"python3": "3.14 usable"}, "", "3.10 to 3.13; python3 is 3.14"),
        (
            {"python3": "3.13 bare"},
            "",
            "3.13 is here and cannot make a venv: apt install python3.13-venv",
        ),
        # PyPy, or without the lock: no package has wheels for them.
        ({"python3": "3.13 other"}, "", "needs CPython"),
        ({"python3": "3.13 usable"}, "card", r"3.11 \(LANE=card\); python3 is"),
        ({"python3": "3.11 usable"}, "gpu", "LANE must be card or newest; got"),
    ],
)
def test_no_python_fits(machine, pythons, lane, message):
    """One line with the remedy, and nothing is made."""
    for name, answer in pythons.items():
        python(machine, name, answer)
    result = choose(machine, lane)
    assert result.returncode == 1 and result.stdout == ""
    assert re.search(message, result.stderr)
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert os.listdir(machine / "checkout") == ["requirements"]


def test_the_locks_serve_what_is_promised():
    """setup.py's Pythons are those of the lanes, and no package is built."""
    newest = (ROOT / "requirements" / "newest.lock").read_text()
    assert "\n--only-binary :all:\n" in newest
    # NumPy 2.3 ended Python 3.10.
    assert re.search(
        r"(?m)^numpy==2\.2\.\d+ ; python_full_version < '3", newest
    )
    assert 'python_requires=">=3.10,<3.14"' in (ROOT / "setup.py").read_text()
