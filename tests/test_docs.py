"""The blocks of two pages run; commands as far as a dry run goes."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.test_readme import blocks as readme_blocks
from tests.test_readme import run

ROOT = Path(__file__).resolve().parents[1]


def blocks(language: str, page: str = "finetuning") -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$",
        (ROOT / "docs" / f"{page}.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )


def commands(page: str = "finetuning") -> list[list[str]]:
    lines = "".join(blocks("bash", page)).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [w for w in words if w]


@pytest.mark.parametrize(
    "words",
    [c for c in commands() if "--mode=finetune" in c and "UCF" not in str(c)],
)
def test_flags_and_recipes_exist(words, tmp_path):
    done = run([sys.executable, *words[1:], "--dry_run"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "would finetune" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        c
        for c in commands("reproduction")
        if not {"--mode=prepare", "--mode=evaluate", "--mode=probe"} & set(c)
    ],
)
def test_commands_of_the_paper(words, tmp_path):
    done = run([sys.executable, *words[1:], "--dry_run"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    mode = words[3].removeprefix("--mode=")
    assert f"would {mode} records/" in done.stdout


def test_the_other_commands_are_known():
    """`prepare` estimates in a dry run, for which it needs the videos."""
    others = [c for c in commands() if "--mode=prepare" in c]
    assert [c[-1] for c in others] == ["--recipe=ucf101_split1"]


@pytest.mark.parametrize(
    "words",
    [
        c
        for page in ("finetuning", "evaluation", "reproduction")
        for c in commands(page)
        if c[3] in ("--mode=evaluate", "--mode=compare")
    ],
    ids=" ".join,
)
def test_what_combines_results_wants_results(words, tmp_path):
    """Flags exist; a folder without results is named, or a missing file."""
    done = run([sys.executable, *words[1:]], tmp_path)
    assert done.returncode == 1
    place = words[4].removeprefix("--checkpoint=")
    assert done.stderr.startswith("error: ") and place in done.stderr
    lacking = ("scores", "no record folder", "no results")
    assert any(text in done.stderr for text in lacking)


@pytest.mark.parametrize(
    "words",
    [
        c
        for page in ("probe", "explain", "reproduction")
        for c in commands(page)
        if {"--mode=probe", "--mode=explain"} & set(c) and "=runs/" in c[4]
    ],
    ids=" ".join,
)
def test_a_mode_wants_a_run(words, tmp_path):
    """All flags and settings are right but for the run that is not there."""
    done = run([sys.executable, *words[1:]], tmp_path)
    place = words[4].removeprefix("--checkpoint=")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {place} is no run")


@pytest.mark.large
@pytest.mark.parametrize("code", blocks("python"))
def test_python_block(code, tmp_path):
    done = run([sys.executable, "-W", "error:::d3d_tf", "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr


def programs() -> dict[str, str]:
    """The Python of each page, and of the notebook."""
    found = {"README.md": "".join(readme_blocks("python"))}
    for path in (ROOT / "docs").glob("*.md"):
        found[path.name] = "".join(blocks("python", path.stem))
    (path,) = (ROOT / "docs").glob("*.ipynb")
    cells = json.loads(path.read_text())["cells"]
    code = [c["source"] for c in cells if c["cell_type"] == "code"]
    found[path.name] = "".join(
        line for lines in code for line in [*lines, "\n"]
    )
    return {name: code for name, code in found.items() if "d3d_tf" in code}


@pytest.mark.parametrize(("name", "code"), programs().items())
def test_d3d_tf_is_imported_before_tensorflow(name, code):
    """Only then does it turn oneDNN on."""
    ours = re.search(r"^(import|from) d3d_tf\b", code, re.MULTILINE)
    theirs = re.search(r"^(import|from) tensorflow", code, re.MULTILINE)
    assert ours
    assert theirs is None or ours.start() < theirs.start()
