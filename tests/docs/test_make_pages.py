"""The pages that `make docs` makes, and the links between all pages."""

import ast
import re
from pathlib import Path

import pytest

import d3d_tf
from docs.make_pages import (
    DOCS,
    PAGES,
    ROOT,
    anchor,
    api_page,
    index_page,
    markdown,
    public_names,
    signature,
)

MARKDOWN = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]


def test_the_committed_pages_are_up_to_date():
    """Else: `make docs`."""
    assert (DOCS / "api.md").read_text() == api_page()
    assert (DOCS / "README.md").read_text() == index_page()


def test_every_page_is_in_the_index():
    assert {path.stem for path in DOCS.glob("*.md")} == {*PAGES, "README"}


def test_every_public_name_has_a_section():
    headings = re.findall(r"^## (\w+)$", api_page(), re.MULTILINE)
    assert {*d3d_tf.__all__} - {"__version__"} <= {*headings}
    assert public_names().keys() <= {*d3d_tf.__all__}


def test_a_docstring_becomes_markdown():
    """Two names that share an item, and one whose text takes two lines."""
    text = (
        "Adds.\n\nInputs are\n\n  a: one.\n\nArgs:\n"
        "  x, y,\n  z: numbers.\n  w: another\n    one.\n\n"
        "Returns:\n  Their sum: a number.\n\nRaises:\n  ValueError: never."
    )
    assert markdown(text) == (
        "Adds.\n\nInputs are\n\n- `a`: one.\n\n**Arguments**\n\n"
        "- `x`, `y`, `z`: numbers.\n- `w`: another\n  one.\n\n"
        "**Returns**\n\nTheir sum: a number.\n\n"
        "**Raises**\n\n- `ValueError`: never."
    )


def test_a_signature():
    code = "def f(a, b: int = 1, *, c='x', **d) -> int: pass"
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert signature("f", function) == (
        'f(\n    a,\n    b: int = 1,\n    *,\n    c="x",\n    **d,\n) -> int'
    )
    (function,) = ast.parse("def f(a, **options): pass").body
    assert isinstance(function, ast.FunctionDef)
    assert signature("f", function, ["e='x'"]) == (
        'f(\n    a,\n    *,\n    e="x",\n    **options,\n)'
    )


def test_options_are_shown_with_the_defaults_of_their_class():
    """Of the function's own file, and of one that it imports."""
    page = api_page()
    assert "    size: int,\n    short_side: int | None = ...,\n" in page
    assert "    *,\n    dropout=0.2,\n" in page


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)
    assert [link for link in links if not _exists(page, link)] == []


def _exists(page: Path, link: str) -> bool:
    name, _, place = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not place:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
    return place in map(anchor, headings)
