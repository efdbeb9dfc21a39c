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


def numba_decorators() -> set[str]:
    """The names that modules give to numba's decorators, with options."""
    return {
        ast.unparse(target)
        for path in modules()
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value
        and re.search(
            r"numba\.(njit|extending\.intrinsic)", ast.unparse(node.value)
        )
        for target in (getattr(node, "targets", None) or [node.target])
    }


def long_functions(tree: ast.AST, compiled_by: set[str]) -> list[str]:
    """Functions with too many lines or parameters; numba's kernels may.

    A kernel within a function does not count as its lines.
    """
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    kernels = [
        node
        for node in functions
        if compiled_by & {ast.unparse(d) for d in node.decorator_list}
    ]
    return [
        node.name
        for node in functions
        if node not in kernels
        and (
            _lines(node)
            - sum(_lines(k) for k in ast.walk(node) if k in kernels)
            > MAX_FUNCTION_LINES
            or _num_parameters(node) > MAX_PARAMETERS
        )
    ]


def _lines(function: ast.FunctionDef) -> int:
    return function.end_lineno - function.lineno + 1


def _num_parameters(function: ast.FunctionDef) -> int:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    count = len(names) + len(arguments.kwonlyargs)
    return count - (names[:1] in (["self"], ["cls"]))


def test_functions_are_short():
    compiled_by = numba_decorators()
    found = {
        str(path): long_functions(
            ast.parse((ROOT / path).read_text()), compiled_by
        )
        for path in modules()
    }
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    "decorator, lines, parameters, long",
    [
        ("", 60, 8, False),
        ("", 61, 8, True),
        ("", 60, 9, True),
        ("@kernel\n", 61, 9, False),
        ("@functools.cache\n", 61, 0, True),
    ],
)
def test_what_is_long(decorator, lines, parameters, long):
    names = ", ".join(f"p{i}" for i in range(parameters))
    body = "    pass\n" * (lines - 1)
    tree = ast.parse(f"{decorator}def f({names}):\n{body}")
    assert bool(long_functions(tree, {"kernel"})) == long


def test_a_kernel_is_no_part_of_the_function_that_makes_it():
    assert numba_decorators() == {"compile_kernel", "inline", "intrinsic"}
    kernel = "    @kernel\n    def g():\n" + "        pass\n" * 60
    for lines, long in ((57, False), (59, True)):
        text = f"def f():\n{kernel}" + "    pass\n" * lines
        assert bool(long_functions(ast.parse(text), {"kernel"})) == long


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


# What may name a class or take a largest value, and why it assumes no task.
CLASSES_OUTSIDE = {
    "d3d_tf/schema.py": "the key of our records",
    "tfrecords/example.py": "writes our records",
    "d3d_tf/doctor/check_record.py": "the keys that our records have",
    "d3d_tf/data/parse_foreign.py": "the keys of other tools' records",
    "d3d_tf/data/index_foreign.py": "the keys of other tools' records",
    "d3d_tf/data/soundness.py": "the keys of other tools' records",
    "d3d_tf/data/kinds.py": "refuses tasks that need more than these",
    "d3d_tf/weights/published.py": "what authors print of their weights",
    "d3d_tf/detector/anchors.py": "the person whom an anchor overlaps most",
    "d3d_tf/detector/sampling.py": "the person whom a box overlaps most",
    "d3d_tf/report/keyframes.py": "the person whom a box overlaps most",
    "d3d_tf/models/inception/non_local.py": "attention, not logits",
    "d3d_tf/models/nextvlad/aggregation.py": "assigns frames to clusters",
    "d3d_tf/models/vlad_mixture/trunk.py": "weighs branches",
    "d3d_tf/models/hrnn/head.py": "weighs the experts of a class",
    "d3d_tf/distill/fewer_frames.py": "branches rank classes as their mixture",
    "hub_export/client/example.py": "names the largest value of any answer, "
    "and the soft-max only where it explains a difference",
}


def test_only_tasks_know_what_a_class_is():
    """The others ask their `Task`; see CONTRIBUTING.md."""
    classes = re.compile(r"LABEL_INDEX|\bargmax\(|softmax\(|\btop_?1\b")
    found = {
        str(path)
        for path in modules()
        if not path.is_relative_to("d3d_tf/tasks")
        and classes.search((ROOT / path).read_text())
    }
    assert found == CLASSES_OUTSIDE.keys()
