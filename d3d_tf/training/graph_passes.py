"""TensorFlow's passes over a graph, before it runs for the first time."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

# They look through thousands of operations of a training step and find nothing
# on a CPU, or what saves nothing: a tenth of the time of a first step. None
# computes: results are the same to the bit.
_IDLE_ON_CPU = (
    "dependency_optimization",
    "implementation_selector",
    "layout_optimizer",
    "loop_optimization",
    "shape_optimization",
)


@contextlib.contextmanager
def without_idle_passes() -> Iterator[None]:
    """Inside, a graph is made ready sooner, where there is no GPU.

    Passes that the caller has turned on or off with
    `tf.config.optimizer.set_experimental_options` stay as they are.
    """
    options = tf.config.optimizer
    idle = [
        name
        for name in _IDLE_ON_CPU
        if name not in options.get_experimental_options()
        and not tf.config.list_logical_devices("GPU")
    ]
    options.set_experimental_options(dict.fromkeys(idle, False))
    try:
        yield
    finally:
        # What was never set counts as turned on.
        options.set_experimental_options(dict.fromkeys(idle, True))
