"""The repository's rules: who imports whom, module sizes, mirrored tests.

The `deps` in the BUILD files (Python by syntax) are the imports that exist;
LAYERS says which of them may exist.
"""

import ast
import dataclasses
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Folder: the package it is installed as (setup.py says the same).
FOLDERS = {
    "d3d_tf": "d3d_tf",
    "tfrecords": "d3d_tf.tfrecords",
    "hub_export": "d3d_tf.hub_export",
}
# A target imports only from layers above it in this list. Names are modules or
# folders of d3d_tf, or one of the other FOLDERS; CONTRIBUTING.md has them too.
LAYERS = (
    (
        "__init__",
        "caches",
        "config",
        "damaged",
        "disk",
        "errors",
        "files",
        "leftovers",
        "names",
        "object_store",
        "onednn",
        "processor",
        "recipes",
        "schema",
        "sealed",
        "text_lists",
    ),
    ("console", "garbage", "keras_api", "run_files", "runs"),
    ("data", "distill", "evaluation", "heads", "models", "video"),
    ("networks", "training", "weights"),
    ("hub_export", "loading", "report", "tfrecords"),
    ("jobs",),
    ("main",),
)
MAX_LINES = 300


@dataclasses.dataclass(frozen=True)
class Target:
    """A rule of a BUILD file; files are paths from ROOT, deps full labels."""

    files: frozenset[str]
    deps: frozenset[str]


def read_build(path: Path, root: Path) -> dict[str, Target]:
    """The targets of one BUILD file, by full label."""
    folder = path.parent.relative_to(root).as_posix().removeprefix(".")

    def full(label: str) -> str:
        if label.startswith(":"):
            return f"//{folder}{label}"
        return label if ":" in label else f"{label}:{label.split('/')[-1]}"

    def files(node: ast.expr) -> frozenset[str]:
        if isinstance(node, ast.Call):  # glob([...])
            (patterns,) = node.args
            found = [
                file
                for pattern in ast.literal_eval(patterns)
                for file in path.parent.glob(pattern)
            ]
        else:
            found = [path.parent / name for name in ast.literal_eval(node)]
        return frozenset(file.relative_to(root).as_posix() for file in found)

    targets = {}
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Expr) and isinstance(
            statement.value, ast.Call
        ):
            given = {k.arg: k.value for k in statement.value.keywords}
            if "name" not in given:  # package(), exports_files()
                continue
            deps = ast.literal_eval(given.get("deps", ast.List([])))
            targets[full(":" + ast.literal_eval(given["name"]))] = Target(
                files(given.get("srcs", ast.List([]))),
                frozenset(full(label) for label in deps),
            )
    return targets


class _ImportedNames(ast.NodeVisitor):
    """Dotted names that are imported at run time, also inside functions."""

    def __init__(self):
        self.names = set()

    def visit_If(self, node):
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            node.body = []
        self.generic_visit(node)

    def visit_Import(self, node):
        self.names |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node):
        assert not node.level, "relative import"
        self.names |= {f"{node.module}.{alias.name}" for alias in node.names}


def imported_files(source: str, modules: dict[str, str]) -> set[str]:
    """The files among `modules` (dotted name: file) that a source imports."""
    visitor = _ImportedNames()
    visitor.visit(ast.parse(source))
    found = set()
    for name in visitor.names:
        parts = name.split(".")
        if parts[0] != "d3d_tf":
            continue
        while ".".join(parts) not in modules:
            parts.pop()
        # d3d_tf/__init__.py hands out names of every layer: not to ourselves.
        if parts == ["d3d_tf"]:
            assert name in ("d3d_tf", "d3d_tf.__version__"), (
                f"{name} is no module; import names from their own module"
            )
        found.add(modules[".".join(parts)])
    return found


def find_modules() -> dict[str, str]:
    """Every module of the package: its dotted name and its file."""
    modules = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join([package, *inner]).removesuffix(".__init__")
            modules[name] = path.relative_to(ROOT).as_posix()
    return modules


def find_owners(targets: dict[str, Target]) -> dict[str, str]:
    """File: the label of its target."""
    return {
        file: label
        for label, target in targets.items()
        for file in target.files
    }


def wrong_deps(
    targets: dict[str, Target], imports: dict[str, set[str]]
) -> list[str]:
    """Where `deps` and imports (file: imported files) differ."""
    owners = find_owners(targets)
    problems = []
    needed: dict[str, set[str]] = {owners[file]: set() for file in imports}
    for file, others in imports.items():
        label = owners[file]
        for other in others:
            dep = owners[other]
            if dep == label:
                continue
            needed[label].add(dep)
            if dep not in targets[label].deps:
                problems.append(f"{file} imports {other}: {label} lacks {dep}")
    for label, deps in needed.items():
        problems += [
            f"{label} lists {dep} and imports nothing from it"
            for dep in targets[label].deps - deps
        ]
    return sorted(problems)


def layer(file: str) -> int:
    """The layer of a file of the package."""
    top, name, *_ = Path(file).with_suffix("").parts
    unit = name if top == "d3d_tf" else top
    levels = [i for i, names in enumerate(LAYERS) if unit in names]
    assert levels, f"{file}: `{unit}` is in no layer"
    return levels[0]


def sideways_imports(
    targets: dict[str, Target], imports: dict[str, set[str]]
) -> list[str]:
    """Imports of another target that do not go to an earlier layer."""
    owners = find_owners(targets)
    return sorted(
        f"{file} (layer {layer(file)}) imports {other} (layer {layer(other)})"
        for file, others in imports.items()
        for other in others
        if owners[file] != owners[other] and layer(other) >= layer(file)
    )


def all_targets() -> dict[str, Target]:
    builds = [ROOT / "BUILD"]
    for folder in [*FOLDERS, "benchmarks", "tests"]:
        builds += sorted((ROOT / folder).rglob("BUILD"))
    return {
        label: target
        for path in builds
        for label, target in read_build(path, ROOT).items()
    }


def all_imports() -> dict[str, set[str]]:
    modules = find_modules()
    return {
        file: imported_files((ROOT / file).read_text(), modules)
        for file in modules.values()
    }


def none_of(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_every_module_belongs_to_one_target():
    files = [file for t in all_targets().values() for file in sorted(t.files)]
    none_of(
        [
            f"{file} is in {files.count(file)} targets"
            for file in find_modules().values()
            if files.count(file) != 1
        ]
    )


def test_build_files_name_what_exists():
    targets = all_targets()
    none_of(
        [
            f"{label} names {missing}, which does not exist"
            for label, target in targets.items()
            for missing in [
                *(target.deps - targets.keys()),
                *(file for file in target.files if not (ROOT / file).exists()),
            ]
        ]
    )


def test_deps_are_the_imports():
    none_of(wrong_deps(all_targets(), all_imports()))


def test_targets_form_no_cycle():
    graph = {label: target.deps for label, target in all_targets().items()}
    graphlib.TopologicalSorter(graph).prepare()


def test_imports_go_to_earlier_layers():
    none_of(sideways_imports(all_targets(), all_imports()))


def test_contributing_shows_the_layers():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| \d+ \|([^|]*)\|", text, re.MULTILINE)
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [
        set(names) for names in LAYERS
    ]


def test_modules_are_short():
    lengths = {
        file: len((ROOT / file).read_text().splitlines())
        for file in find_modules().values()
    }
    none_of(
        [
            f"{file} has {length} lines, more than {MAX_LINES}"
            for file, length in lengths.items()
            if length > MAX_LINES
        ]
    )


def test_every_module_has_its_test_file():
    mirrors = [
        Path("tests", file).with_name(f"test_{Path(file).stem.strip('_')}.py")
        for file in find_modules().values()
        if Path(file).name != "__init__.py"
    ]
    none_of([f"no {path}" for path in mirrors if not (ROOT / path).exists()])


def test_forbidden_imports_are_found():
    blocks, table = "d3d_tf/models/blocks.py", "d3d_tf/jobs/table.py"
    modules = {
        "d3d_tf": "d3d_tf/__init__.py",
        "d3d_tf.jobs": "d3d_tf/jobs/__init__.py",
        "d3d_tf.jobs.table": table,
    }
    targets = {
        "//d3d_tf/models:models": Target(frozenset([blocks]), frozenset()),
        "//d3d_tf/jobs:jobs": Target(frozenset([table]), frozenset()),
    }
    for statement in (
        "from d3d_tf.jobs import table",
        "from d3d_tf.jobs.table import ROWS",
        "import d3d_tf.jobs.table as t",
    ):
        source = f"def late():\n    {statement}\n"
        imports = {blocks: imported_files(source, modules)}
        assert imports == {blocks: {table}}
        assert wrong_deps(targets, imports) == [
            f"{blocks} imports {table}: "
            "//d3d_tf/models:models lacks //d3d_tf/jobs:jobs"
        ]
        assert sideways_imports(targets, imports) == [
            f"{blocks} (layer 2) imports {table} (layer 5)"
        ]
        for_types = f"if TYPE_CHECKING:\n    {statement}\n"
        assert imported_files(for_types, modules) == set()


def test_unused_deps_are_found():
    targets = {
        "//a:a": Target(frozenset(["a.py"]), frozenset(["//b:b"])),
        "//b:b": Target(frozenset(["b.py"]), frozenset()),
    }
    assert wrong_deps(targets, {"a.py": set(), "b.py": set()}) == [
        "//a:a lists //b:b and imports nothing from it"
    ]


def test_build_labels_are_resolved(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.py").touch()
    build = tmp_path / "a/BUILD"
    build.write_text(
        'package(default_visibility = ["//visibility:public"])\n'
        'py_library(name = "a", srcs = glob(["*.py"]), deps = ["//b/c", ":n"])'
        '\npy_library(name = "n", srcs = ["y.py"])\n'
    )
    assert read_build(build, tmp_path) == {
        "//a:a": Target(frozenset(["a/x.py"]), frozenset(["//a:n", "//b/c:c"])),
        "//a:n": Target(frozenset(["a/y.py"]), frozenset()),
    }
