"""Turns and ratios, by hand."""

import numpy as np

from benchmarks.interleave import take_turns, times_as_fast


def test_candidates_take_turns():
    """Two calls each before the clock, then one after the other, there and
    back; each one's own times, and the answer that it gave first.
    """
    calls = []

    def case(name, times):
        def call():
            calls.append(name)
            return next(times), np.array([len(calls)])

        return call

    found = take_turns(
        {
            "a": case("a", iter([9, 9, 1, 7, 2])),
            "b": case("b", iter([9, 9, 5, 4, 6])),
        },
        3,
    )
    assert "".join(calls) == "aabb" + "ab" + "ba" + "ba"
    assert {name: spent for name, (spent, _) in found.items()} == {
        "a": [1, 7, 2],
        "b": [5, 4, 6],
    }
    assert found["a"][1] == [2] and found["b"][1] == [4]


def test_ratios_by_hand():
    """By round, 3 / 2, 8 / 8 and 9 / 3: not the ratio of the medians, 8 / 3."""
    found = times_as_fast([2, 8, 3], [3, 8, 9])
    assert found["ratio"] == 1.5
    # Of three, two or more alike are drawn in 7 of 27 cases: more than 2.5 %.
    assert found["ratio_ci95"] == [1, 3]


def test_no_difference_has_no_interval():
    assert times_as_fast([2, 4], [2, 4])["ratio_ci95"] == [1, 1]
