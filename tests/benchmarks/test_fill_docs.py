"""Measured text goes where it belongs and nowhere else."""

import pytest

from benchmarks.fill_docs import fill


def test_text_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n")
    fill(page, "x", "new \\1")
    assert page.read_text() == (
        "a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb\n<!-- y -->\n"
    )


def test_a_page_without_the_place_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="0 places <!-- x -->"):
        fill(page, "x", "new")
    assert page.read_text() == "nothing"
