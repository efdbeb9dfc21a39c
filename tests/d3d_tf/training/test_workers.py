"""One process of several; what they do together is in test_together.py."""

import numpy as np
import tensorflow as tf

from d3d_tf.data.parts import WHOLE
from d3d_tf.training.workers import (
    as_read,
    chief_first,
    distributed,
    gathered,
    own_part,
    read_part,
    started,
)


def test_a_process_alone():
    """It reads and scores everything, and waits for nobody."""
    assert started() is None
    assert read_part() == own_part(9) == WHOLE
    with chief_first():
        array = np.arange(3)
    assert gathered(WHOLE, [array]) == [[array]]
    data = distributed(lambda part: tf.data.Dataset.range(part.workers))
    assert [*data.as_numpy_iterator()] == [0]


def test_the_order_of_rows_that_workers_scored_in_turn():
    """Records a to e, of two views each; the first worker has a, c and e."""
    joined = ["a0", "a1", "c0", "c1", "e0", "e1", "b0", "b1", "d0", "d1"]
    order = as_read([6, 4], views=2)
    assert [joined[place] for place in order] == sorted(joined)
