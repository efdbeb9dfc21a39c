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

    Afterwards the passes are as they were before.
    """
    if tf.config.list_logical_devices("GPU"):
        yield
        return
    options = tf.config.optimizer
    before = options.get_experimental_options()
    options.set_experimental_options(dict.fromkeys(_IDLE_ON_CPU, False))
    try:
        yield
    finally:
        # What was never set is turned on.
        options.set_experimental_options(
            {name: before.get(name, True) for name in _IDLE_ON_CPU}
        )
