"""Whose turn it is, where several take a row's batches one after another."""

from typing import Any

import tensorflow as tf

# Nothing here branches on a tensor: AutoGraph, which takes up to a second for
# each function, has nothing to do.
as_it_is = tf.autograph.experimental.do_not_convert


def in_turn(
    records: tf.data.Dataset, size: int, number: int, count: int
) -> tf.data.Dataset:
    """What one of several gets, where each takes `size` records in turn.

    Args:
      records: pairs, in their order.
      size: how many records a turn has.
      number: whose, from 0.
      count: how many there are.
    """

    @as_it_is
    def is_own(place: Any, _: Any) -> Any:
        return place // size % count == number

    kept = records.enumerate().filter(is_own)
    return kept.map(as_it_is(lambda _, record: record))
