"""Who gets what, written down by hand."""

import pytest
import tensorflow as tf

from d3d_tf.data.turns import in_turn


@pytest.mark.parametrize(
    ("number", "own"), [(0, [0, 1, 6, 7]), (1, [2, 3, 8, 9]), (2, [4, 5, 10])]
)
def test_three_take_two_in_turn(number, own):
    records = tf.data.Dataset.range(11).map(lambda n: (n, -n))
    found = in_turn(records, 2, number, 3).as_numpy_iterator()
    assert [*found] == [(n, -n) for n in own]
