"""Python's garbage collector, while a graph is made."""

import contextlib
import gc
from collections.abc import Iterator

# Python 3.12 itself sets some hundred objects aside when it starts.
_OF_PYTHON = 1000


@contextlib.contextmanager
def set_aside() -> Iterator[None]:
    """Inside, the collector passes over what is there already.

    To trace a graph or to load a module makes so many objects that it would
    look through all of TensorFlow again and again: a tenth of the time. Where
    the caller has set objects aside already (`gc.freeze`), it stays so.
    """
    if gc.get_freeze_count() > _OF_PYTHON:
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
