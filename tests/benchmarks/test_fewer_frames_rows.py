"""Each row is the network that it is called."""

import pytest

from benchmarks.fewer_frames_page import ALL, ENSEMBLES, PAPER
from benchmarks.fewer_frames_rows import recipe_of, teacher_of, without_teacher


@pytest.mark.parametrize(
    "row, role, every, places, labels",
    [
        (ALL, "teacher", 1, None, None),
        ("uniform, k = 6", "baseline", 50, None, None),
        ("rep, k = 30", "student", 10, ["vlad"], 0),
        ("pred, k = 15", "student", 20, ["logits"], 0),
        ("rep, CE, k = 6", "student", 50, ["vlad"], 1),
        ("pred, CE, k = 6", "student", 50, ["logits"], 1),
        ("rep, pred, CE, k = 6", "student", 50, ["vlad", "logits"], 1),
    ],
)
def test_rows(row, role, every, places, labels):
    assert row in PAPER
    recipe, found = recipe_of(row, 8)
    assert (recipe.seed, found) == (8, role)
    assert 300 / recipe.frames_of(role).seen == every
    if places:
        assert [term.where for term in recipe.distill.terms] == places
        assert recipe.distill.label_weight == labels


@pytest.mark.parametrize(
    "row, role, every, places",
    [
        ("ensemble teacher", "teacher", 1, None),
        ("ensemble uniform, k = 15", "baseline", 20, None),
        ("ensemble student, k = 6", "student", 50, ["vlad", "branches"]),
    ],
)
def test_ensembles(row, role, every, places):
    assert row in ENSEMBLES
    recipe, found = recipe_of(row, 7)
    assert (recipe.seed, found) == (7, role)
    assert recipe.network.branches == 3
    assert 300 / recipe.frames_of(role).seen == every
    if places:
        terms = recipe.distill.terms
        assert [term.where for term in terms] == places
        # The temperature's square.
        assert terms[1].weight == terms[1].temperature ** 2


def test_what_a_row_is_compared_with():
    assert teacher_of("rep, CE, k = 6") == "teacher"
    assert teacher_of("ensemble student, k = 6") == "ensemble teacher"
    assert without_teacher("rep, CE, k = 6") == "uniform, k = 6"
    assert without_teacher("ensemble student, k = 6") == (
        "ensemble uniform, k = 6"
    )
    for row in ALL, "uniform, k = 6", "ensemble teacher":
        assert without_teacher(row) is None
    assert without_teacher("ensemble uniform, k = 6") is None
