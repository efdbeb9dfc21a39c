"""Levels and words."""

from d3d_tf.doctor.findings import Finding, grouped, judge, words_of


def test_levels():
    assert judge("disk", "5 GB") == Finding("disk", "OK", "5 GB")
    assert judge("disk", "5 GB", warnings=["low"]) == Finding(
        "disk", "WARNING", "5 GB; low"
    )
    assert judge("disk", "5 GB", errors=["bad"], warnings=["low"]) == Finding(
        "disk", "ERROR", "5 GB; bad; low"
    )


def test_only_some_problems_are_spelled_out():
    found = judge("a", "n", errors=["p", "q", "r", "s", "t"])
    assert found.text == "n; p; q; r; and 2 more"


def test_a_line():
    assert Finding("disk", "OK", "x").line() == "OK      disk: x"
    assert Finding("disk", "WARNING", "x").line() == "WARNING disk: x"


def test_words_of_an_exception():
    assert words_of(ValueError("bad\nmore")) == "bad"
    assert words_of(KeyError()) == "KeyError"
    assert len(words_of(ValueError("x" * 999))) == 160


def test_equal_problems_are_one():
    pairs = [("no key", "v1"), ("no label", "v2"), ("no key", "v3")]
    assert grouped(pairs) == [
        "no key (2 records, such as v1)",
        "no label (v2)",
    ]
