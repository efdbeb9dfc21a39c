"""The collector, while a graph is made and at the end."""

import gc
import subprocess
import sys
import weakref

import pytest

from d3d_tf.garbage import set_aside


class Node:
    """One of a ring, which only the collector removes."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def nothing_aside():
    """As in a process that runs no tests."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.mark.large
def test_what_was_there_is_passed_over_and_what_is_new_is_not(nothing_aside):
    old = Node()
    there = weakref.ref(old)
    with set_aside():
        del old
        new = weakref.ref(Node())
        gc.collect()
        assert there() is not None and new() is None
    gc.collect()
    assert there() is None


def test_also_after_an_error(nothing_aside):
    with pytest.raises(ValueError), set_aside():
        raise ValueError
    assert gc.get_freeze_count() == 0


def test_what_the_caller_set_aside_stays_aside(nothing_aside):
    old = Node()
    there = weakref.ref(old)
    gc.freeze()
    with set_aside():
        new = weakref.ref(Node())
        gc.collect()
        assert new() is None
    del old
    gc.collect()
    assert there() is not None


@pytest.mark.parametrize("seldom", [0, 700, 1_000_000])
def test_it_is_rarer_unless_it_is_already(seldom):
    before = gc.get_threshold()
    gc.set_threshold(seldom, *before[1:])
    try:
        with set_aside():
            inside = gc.get_threshold()[0]
        assert gc.get_threshold() == (seldom, *before[1:])
    finally:
        gc.set_threshold(*before)
    assert inside == (50_000 if seldom == 700 else seldom)


@pytest.mark.parametrize("left", [True, False])
def test_at_the_end_rings_are_left_alone(left):
    """One that says so when it is taken apart, in a process of its own."""
    program = (
        "from d3d_tf.garbage import leave_the_rest\n"
        "class Node:\n"
        "    def __init__(self): self.itself = self\n"
        "    def __del__(self): print('taken apart')\n"
        f"if {left}: leave_the_rest()\n"
        "Node()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout == ("" if left else "taken apart\n")
