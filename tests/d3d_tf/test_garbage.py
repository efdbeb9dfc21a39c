"""The collector, while a graph is made."""

import gc
import weakref

import pytest

from d3d_tf.garbage import set_aside


class Node:
    """One of a ring, which only the collector removes."""

    def __init__(self):
        self.itself = self


def test_what_was_there_is_passed_over_and_what_is_new_is_not():
    old = Node()
    there = weakref.ref(old)
    with set_aside():
        del old
        new = weakref.ref(Node())
        gc.collect()
        assert there() is not None and new() is None
    gc.collect()
    assert there() is None


def test_also_after_an_error():
    with pytest.raises(ValueError), set_aside():
        raise ValueError
    assert gc.get_freeze_count() == 0
