"""`make docs`: docs/api.md from the docstrings, docs/README.md from the pages.

Modules are read and not imported, in a moment. (griffe, which does the same,
loses arguments that share a line of a docstring, as ours do.)
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# setup.py installs these folders inside of the package.
FOLDERS = {
    "d3d_tf.tfrecords": "tfrecords",
    "d3d_tf.hub_export": "hub_export",
    "d3d_tf": "d3d_tf",
}
# The pages in the order in which a new user reads them.
PAGES = (
    "toy",
    "training",
    "clusters",
    "finetuning",
    "evaluation",
    "detection",
    "probe",
    "explain",
    "jhmdb",
    "ablations",
    "reproduction",
    "networks",
    "youtube8m",
    "weights",
    "datasets",
    "records",
    "scale",
    "flow",
    "modules",
    "input",
    "deployment",
    "faults",
    "api",
)
MADE = "<!-- Made by `make docs`; change the docstrings or the pages. -->\n"


def public_names() -> dict[str, str]:
    """The module of each name that `import d3d_tf` offers."""
    tree = ast.parse((ROOT / "d3d_tf" / "__init__.py").read_text())
    (home,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "_HOME"
    )
    return ast.literal_eval(home)


def source(module: str) -> Path:
    """The file of a module, from the root of the checkout."""
    package = next(p for p in FOLDERS if f"{module}.".startswith(f"{p}."))
    path = Path(FOLDERS[package], *module[len(package) + 1 :].split("."))
    if (ROOT / path).is_dir():
        return path / "__init__.py"
    return path.with_suffix(".py")


def api_page() -> str:
    """docs/api.md."""
    lines = [
        "# API",
        "",
        MADE,
        "The names that `import d3d_tf` offers. Each loads on first use; the",
        "import itself loads nothing else. Axes of shapes are in order.",
        "",
    ]
    names = public_names()
    for name, module in names.items():
        path = source(module)
        nodes = _definitions(path)
        for base in getattr(nodes[name], "bases", ()):
            shared = nodes.pop(ast.unparse(base), None)
            if shared and f"## {shared.name}" not in lines:
                lines += _entry(shared, path, "The base of what follows, in")
        lines += _entry(nodes[name], path, "In")
    return "\n".join(lines).rstrip() + "\n"


def _definitions(path: Path) -> dict[str, ast.ClassDef | ast.FunctionDef]:
    """The classes and functions of a file by name."""
    return {
        node.name: node
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def _entry(
    node: ast.ClassDef | ast.FunctionDef, path: Path, where: str
) -> list[str]:
    """A class or function with its signature and its docstring."""
    lines = [f"## {node.name}", ""]
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
    call = node
    if isinstance(node, ast.ClassDef):
        call = next((m for m in methods if m.name == "__init__"), None)
    if isinstance(call, ast.FunctionDef):
        options = _options(ast.get_docstring(node) or "", path)
        lines += ["```py", signature(node.name, call, options), "```", ""]
    lines += [f"{where} [`{path}`](../{path}).", ""]
    lines += [markdown(ast.get_docstring(node) or ""), ""]
    if isinstance(node, ast.ClassDef):
        lines += _methods(methods)
    return lines


def _methods(methods: list[ast.FunctionDef]) -> list[str]:
    """A line for each public method that has a docstring."""
    lines = []
    for method in methods:
        text = ast.get_docstring(method)
        if text and not method.name.startswith("_"):
            names = [a.arg for a in method.args.args if a.arg != "self"]
            call = "" if method.decorator_list else f"({', '.join(names)})"
            lines.append(f"- `.{method.name}{call}`: {' '.join(text.split())}")
    return ["**Methods**", "", *lines, ""] if lines else []


def _options(docstring: str, path: Path) -> list[str]:
    """`name=default` of each field of the class that `options:` names.

    Of a `TypedDict`, whose fields have none, `name: type = ...`.
    """
    match = re.search(
        r"^ +options: the (?:fields|keys) of `(\w+)`", docstring, re.M
    )
    if not match:
        return []
    fields = _fields(match[1], path)
    if not any(field.value for field in fields):
        return [f"{ast.unparse(field)} = ..." for field in fields]
    return [
        ast.unparse(field.target) + f"={ast.unparse(field.value)}"
        for field in fields
        if field.value
    ]


def _fields(name: str, path: Path) -> list[ast.AnnAssign]:
    """Of a class that a file has or imports; inherited ones come last.

    But for those of `NetworkRecipe`, which are no arguments.
    """
    for node in ast.parse((ROOT / path).read_text()).body:
        names = [a.name for a in getattr(node, "names", [])]
        if isinstance(node, ast.ImportFrom) and name in names:
            path = source(node.module or "")
    owner = _definitions(path)[name]
    fields = [f for f in owner.body if isinstance(f, ast.AnnAssign)]
    own = {ast.unparse(field.target) for field in fields}
    for base in map(ast.unparse, getattr(owner, "bases", [])):
        if base.endswith("Recipe") and base != "NetworkRecipe":
            fields += [
                field
                for field in _fields(base, path)
                if ast.unparse(field.target) not in own
            ]
    return fields


def signature(
    name: str, function: ast.FunctionDef, options: list[str] | None = None
) -> str:
    """One parameter per line, with annotations and defaults.

    Args:
      name: of the function or class.
      function: whose parameters are shown.
      options: of those in its `**kwargs` that are known, each a line.
    """
    a = function.args
    defaults = [None] * (len(a.args) - len(a.defaults)) + a.defaults
    lines = [
        _parameter(argument, default)
        for argument, default in zip(a.args, defaults, strict=True)
        if argument.arg != "self"
    ]
    options = [line.replace("'", '"') for line in options or []]
    lines += ["*"] * bool(a.kwonlyargs or options)
    lines += map(_parameter, a.kwonlyargs, a.kw_defaults)
    lines += options
    lines += [f"**{a.kwarg.arg}"] if a.kwarg else []
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return "\n".join([f"{name}(", *(f"    {x}," for x in lines), f"){returns}"])


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    text = ast.unparse(argument)
    if default is None:
        return text
    equals = " = " if argument.annotation else "="
    return text + equals + ast.unparse(default).replace("'", '"')


def markdown(docstring: str) -> str:
    """A docstring in Google's form: sections in bold, their items as a list."""
    # Several names of one item may take more than a line.
    docstring = re.sub(
        r"^( +\w+(?:, \w+)*),\n +", r"\1, ", docstring, flags=re.MULTILINE
    )
    lines, section = [], ""
    for line in docstring.splitlines():
        item = re.match(r"  ([\w`, ]+): (.*)", line)
        if re.fullmatch(r"(Args|Returns|Raises|Yields):", line):
            section = line[:-1].replace("Args", "Arguments")
            lines += [f"**{section}**", ""]
        elif section == "Returns":
            lines.append(line.strip())
        elif item:
            names = item[1].strip("`").split(", ")
            if lines and lines[-1].endswith(":"):
                lines.append("")
            lines.append(f"- {', '.join(f'`{n}`' for n in names)}: {item[2]}")
        else:
            if line[:1].strip() and lines and lines[-1].startswith("- "):
                lines.append("")
            lines.append(re.sub(r"^ {2,}", "  ", line))
    return "\n".join(lines).rstrip()


def index_page() -> str:
    """docs/README.md: each page, what it is about, and its sections."""
    lines = ["# Documentation", "", MADE, "| page | sections |", "|---|---|"]
    lines.append(
        "| [Quickstart](quickstart.ipynb) | a notebook: distil, export, "
        "fine-tune and ask about a video, in a minute |"
    )
    for page in PAGES:
        text = (DOCS / f"{page}.md").read_text()
        text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        (title,) = re.findall(r"^# (.+)$", text, re.MULTILINE)
        sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
        links = [f"[{name}]({page}.md#{anchor(name)})" for name in sections]
        lines.append(f"| [{title}]({page}.md) | {' · '.join(links)} |")
    return "\n".join(lines) + "\n"


def anchor(heading: str) -> str:
    """The id that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def main() -> None:
    """Writes both pages."""
    (DOCS / "api.md").write_text(api_page())
    (DOCS / "README.md").write_text(index_page())


if __name__ == "__main__":
    main()
