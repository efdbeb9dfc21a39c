"""The house rules that no library checks; imports are import-linter's."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("d3d_tf", "hub_export", "tfrecords")
MAX_LINES = 300


def modules() -> list[Path]:
    """Every file of the package, from ROOT."""
    return [
        path.relative_to(ROOT)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def none_of(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_modules_are_short():
    lengths = {
        path: len((ROOT / path).read_text().splitlines()) for path in modules()
    }
    none_of(
        [
            f"{path} has {length} lines, more than {MAX_LINES}"
            for path, length in lengths.items()
            if length > MAX_LINES
        ]
    )


# The old names of commands, all in tests/d3d_tf/test_moved.py.
MOVED = (
    "d3d_tf/jobs/ensemble.py",
    "d3d_tf/jobs/split_mean.py",
    "tfrecords/compare.py",
    "tfrecords/flow/__main__.py",
)


MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 8
# Those that are still to be cut; numba's kernels (flow) stay as they are.
LONG = {
    "d3d_tf/data/index_foreign.py": {"_save"},
    "d3d_tf/data/parse_foreign.py": {"describe_foreign"},
    "d3d_tf/models/inception/checkpoints/assign.py": {"fill"},
    "d3d_tf/models/inception/checkpoints/checkpoint_names.py": {"recognise"},
    "d3d_tf/models/inception/networks.py": {"__init__"},
    "d3d_tf/models/inception/trunk.py": {"__init__"},
    "d3d_tf/runs/folder.py": {"start"},
    "hub_export/client/classification.py": {"classify"},
    "hub_export/client/signature.py": {"encoded_input"},
    "hub_export/export.py": {"export_module"},
    "hub_export/saved_module.py": {"make_module"},
    "tfrecords/example.py": {"encode_example"},
    "tfrecords/flow/__init__.py": {"tvl1_flow"},
    "tfrecords/flow/iteration.py": {"iteration_kernel", "iterate"},
    "tfrecords/flow/median.py": {
        "_middle_of_11",
        "_middle_of_13",
        "median_kernel",
        "median",
    },
    "tfrecords/flow/pyramid.py": {"resize"},
    "tfrecords/flow/warp.py": {"warp_kernel", "warp"},
    "tfrecords/flow/whole_video.py": {"flow_of_video"},
    "tfrecords/layouts/kinetics.py": {"list_kinetics"},
    "tfrecords/listing.py": {"list_folder"},
    "tfrecords/manifest.py": {"write_manifest"},
    "tfrecords/prepare.py": {"_run"},
    "tfrecords/write_shard.py": {"write_shard"},
}


def is_long(function: ast.FunctionDef) -> bool:
    lines = function.end_lineno - function.lineno + 1
    given = function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    count = len(names) + len(given.kwonlyargs)
    count -= names[:1] in (["self"], ["cls"])
    return lines > MAX_FUNCTION_LINES or count > MAX_PARAMETERS


def test_functions_are_short():
    """No new one is long, and who cuts one takes it from the list."""
    found: dict[str, set[str]] = {}
    for path in modules():
        names = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text()))
            if isinstance(node, ast.FunctionDef) and is_long(node)
        }
        if names:
            found[str(path)] = names
    assert found == LONG


def test_every_module_has_its_test_file():
    mirrors = [
        Path("tests", path).with_name(f"test_{path.stem.strip('_')}.py")
        for path in modules()
        if path.name != "__init__.py" and str(path) not in MOVED
    ]
    none_of([f"no {path}" for path in mirrors if not (ROOT / path).exists()])


def test_names_come_from_their_own_modules():
    """d3d_tf/__init__.py hands out names of every layer: not to ourselves."""
    names = set(re.findall(r'^    "(\w+)":', _init(), re.MULTILINE))
    assert {"S3DG", "export_module"} <= names
    none_of(
        [
            f"{path}: from d3d_tf import {alias.name}"
            for path in modules()
            for node in ast.walk(ast.parse((ROOT / path).read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == "d3d_tf"
            for alias in node.names
            if alias.name in names
        ]
    )


def _init() -> str:
    return (ROOT / "d3d_tf" / "__init__.py").read_text()


def test_build_names_what_is_there():
    text = (ROOT / "BUILD").read_text()
    patterns = re.findall(r'"([\w/*]+\.py)"', text)
    assert {pattern.partition("/")[0] for pattern in patterns} == {
        *FOLDERS,
        "tests",
    }
    none_of([p for p in patterns if not list(ROOT.glob(p))])


def test_public_modules_are_strictly_typed():
    """Each module of `_HOME` is in mypy's list of pyproject.toml."""
    homes = set(re.findall(r'^    "\w+": "([\w.]+)"', _init(), re.MULTILINE))
    assert "d3d_tf.distill.distiller" in homes
    text = (ROOT / "pyproject.toml").read_text()
    (block,) = re.findall(
        r"\[\[tool\.mypy\.overrides\]\]\nmodule = \[(.*?)\]", text, re.DOTALL
    )
    strict = set(re.findall(r'"([\w.]+)"', block))
    none_of([f"{name} is not in the list" for name in homes - strict])


def test_the_answers_for_newcomers_exist():
    """One file for each of the twelve questions in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    answers = dict(re.findall(r"^\| (Where .+\?) \| `([^`]+)` \|$", text, re.M))
    assert len(answers) == 12
    none_of(
        [
            f"{question} {path} does not exist"
            for question, path in answers.items()
            if not (ROOT / path).is_file()
        ]
    )
