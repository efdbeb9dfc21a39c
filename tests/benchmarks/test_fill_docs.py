"""Measured text goes where it belongs and nowhere else."""

import json

import pytest

from benchmarks.fill_docs import fill, publish, with_interval


def test_text_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n")
    fill(page, "x", "new \\1")
    assert page.read_text() == (
        "a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb\n<!-- y -->\n"
    )


def test_results_are_kept_before_they_are_shown(tmp_path, capsys):
    results, page = tmp_path / "results" / "x.json", tmp_path / "page.md"
    page.write_text("<!-- x -->\n<!-- /x -->\n")
    publish(results, {"a": 2}, page, "x", lambda content: f"{content['a']} ms")
    assert json.loads(results.read_text()) == {"a": 2}
    assert capsys.readouterr().out == "2 ms\n"
    assert page.read_text() == "<!-- x -->\n2 ms\n<!-- /x -->\n"
    with pytest.raises(KeyError):
        publish(results, {"b": 3}, page, "x", lambda content: content["a"])
    assert json.loads(results.read_text()) == {"b": 3}


def test_a_page_without_the_place_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="0 places <!-- x -->"):
        fill(page, "x", "new")
    assert page.read_text() == "nothing"


def test_a_value_with_its_interval():
    entry = {"value": 0.125, "ci95": [-0.0625, 0.25]}
    assert with_interval(entry, "+.1f", 100) == "+12.5 [-6.2, +25.0]"
    assert with_interval(entry, ".2f") == "0.12 [-0.06, 0.25]"
