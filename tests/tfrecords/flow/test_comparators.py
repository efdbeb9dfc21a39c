"""Zeros and ones: what sorts them sorts all numbers (Knuth's principle).

Plain Python: the same functions that numba compiles.
"""

import itertools

import numba
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.comparators import (
    insert,
    median_of_6_5,
    merge_4_4,
    middle_6_of_10_4,
    middle_10_of_8_8,
    sort2,
    sort3,
    sort4,
)


def sorted_ones(length):
    """All sorted tuples of zeros and ones."""
    return [(0,) * (length - k) + (1,) * k for k in range(length + 1)]


@pytest.mark.parametrize("sort, length", [(sort2, 2), (sort3, 3), (sort4, 4)])
def test_sorting(sort, length):
    for given in itertools.product((0, 1), repeat=length):
        assert sort.py_func(*given) == tuple(sorted(given))


@pytest.mark.parametrize("new", [0, 1])
def test_one_more(new):
    for four in sorted_ones(4):
        assert insert.py_func(four, new) == tuple(sorted((*four, new)))


@pytest.mark.parametrize(
    "merge, lengths, ranks",
    [
        (merge_4_4.py_func, (4, 4), slice(8)),
        (middle_10_of_8_8.py_func, (8, 8), slice(3, 13)),
        (middle_6_of_10_4.py_func, (10, 4), slice(4, 10)),
        (lambda a, b: (median_of_6_5.py_func(a, b),), (6, 5), slice(5, 6)),
    ],
)
def test_merging(merge, lengths, ranks):
    for first, second in itertools.product(*map(sorted_ones, lengths)):
        assert merge(first, second) == tuple(sorted(first + second)[ranks])


def test_compiled():
    @numba.njit
    def median(six, five):
        return median_of_6_5(six, five)

    values = np.random.default_rng(0).permutation(11).astype(np.float32)
    six, five = tuple(np.sort(values[:6])), tuple(np.sort(values[6:]))
    assert median(six, five) == 5
