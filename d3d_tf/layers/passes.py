"""A step of several passes, and what layers must know of it."""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

# Index and number of passes.
_PASS: contextvars.ContextVar[tuple[Any, int] | None] = contextvars.ContextVar(
    "pass_of_a_step", default=None
)


@contextlib.contextmanager
def in_pass(index, passes: int) -> Iterator[None]:
    """While entered, layers are called with a part of a step's clips.

    Args:
      index: integer scalar, of the pass, from 0 on.
      passes: how many the step has.
    """
    token = _PASS.set((index, passes))
    try:
        yield
    finally:
        _PASS.reset(token)


def draw_in_step(draw):
    """A number of its own for each pass of what is drawn once a step."""
    found = _PASS.get()
    if found is None:
        return draw
    index, passes = found
    return draw * passes + tf.cast(index, draw.dtype)


def share_of_update(share: float):
    """How far an average follows this pass, float32 scalar.

    After all n passes of a step it has followed the mean over passes by
    `share`, as the mean of n devices' averages would.
    """
    found = _PASS.get()
    if found is None:
        return tf.constant(share, tf.float32)
    index, passes = found
    later = passes - 1 - tf.cast(index, tf.float32)
    return share / (passes - later * share)
