"""The yardstick, on functions whose answer to the last bit is known."""

import numpy as np
import pytest

from d3d_tf.hub_export.rounding import (
    allowed,
    difference,
    last_bit,
    sensitivity,
    told,
)

ONES = np.ones([2, 3, 4, 4, 3], np.float32)


def test_differences_by_hand():
    assert difference([0.5, -0.25], np.float32([0.5, 0.25])) == 0.5
    assert difference([8.0, 1.0], np.float32([8.0, 3.0])) == 0.25
    assert np.isnan(difference([1.0], np.float32([np.nan])))


@pytest.mark.parametrize(
    "answer, expected",
    [
        # Above 1 the last bit is worth 2**-23, below it half of that.
        (lambda x: x, 2**-23),
        # In units of the largest output.
        (lambda x: x * 1024, 2**-23),
        (lambda x: (x - 1) * 1024, 2**-13),
        (lambda x: x * 0, 0),
    ],
)
def test_sensitivity_by_hand(answer, expected):
    found = sensitivity(
        lambda draw: {"logits": answer(last_bit(ONES, draw)), "same": ONES},
        {"logits": answer(ONES), "same": ONES},
    )
    assert found == expected


def test_sensitivity_is_of_the_worst_output_and_draw():
    found = sensitivity(
        lambda draw: {"a": ONES + draw / 4, "b": ONES * 3},
        {"a": ONES, "b": ONES * 4},
    )
    assert found == 0.25
    assert np.isnan(sensitivity(lambda draw: {"a": ONES * np.nan}, {"a": ONES}))


def test_every_value_moves_and_no_draw_is_the_other():
    first, second = last_bit(ONES, 0), last_bit(ONES, 1)
    for values in (first, second):
        assert values.dtype == np.float32
        assert set(np.unique(values)) == {1 - 2**-24, 1 + 2**-23}
    assert (first != second).any()
    np.testing.assert_array_equal(first, last_bit(ONES, 0))


@pytest.mark.parametrize(
    "sensitivity, expected",
    [(0, 1e-5), (1e-7, 1e-5), (5e-5, 5e-4), (0.1, 1e-2), (np.nan, 1e-2)],
)
def test_what_is_allowed(sensitivity, expected):
    """Ten times as much, never below today's 1e-5 nor above a real mistake."""
    assert allowed(sensitivity) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "bound, expected",
    [
        (3e-4, 3e-4),
        *((wrong, 1e-5) for wrong in (None, 0.5, 1e-9, "1e-3", [1], np.nan)),
    ],
)
def test_what_a_module_tells(bound, expected):
    """What no export writes is not believed."""
    assert told({"bound": bound}) == expected
    assert told({}) == 1e-5
