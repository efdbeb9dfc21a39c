"""Python's garbage collector, while a graph is made and at the end."""

import atexit
import contextlib
import gc
from collections.abc import Iterator

# Python 3.12 itself sets some hundred objects aside when it starts.
_OF_PYTHON = 1000
# New objects after which the collector looks; Python's own are 700 and 2,000.
_SELDOM = 50_000


@contextlib.contextmanager
def set_aside() -> Iterator[None]:
    """Inside, the collector passes over what is there already, and is rarer.

    To trace a graph or to load a module makes so many objects that it would
    look through all of TensorFlow again and again: a tenth of the time. Where
    the caller has set objects aside already (`gc.freeze`), it stays so.
    """
    thresholds = gc.get_threshold()
    ours = gc.get_freeze_count() <= _OF_PYTHON
    if ours:
        gc.freeze()
    if thresholds[0]:  # 0 turns it off.
        gc.set_threshold(max(_SELDOM, thresholds[0]), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if ours:
            gc.unfreeze()


def leave_the_rest() -> None:
    """When the process ends, what is in reference cycles stays as it is.

    To take a tf.data iterator apart can take a minute; see
    `d3d_tf.data.untuned`.
    """
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
