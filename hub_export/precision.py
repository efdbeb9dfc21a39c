"""Modules compute in float32, however their network was trained."""

import contextlib
from collections.abc import Iterator

from d3d_tf.keras_api import keras
from d3d_tf.models.network import VideoNetwork, rebuilt

FLOAT32 = "float32"


@contextlib.contextmanager
def full_precision(network) -> Iterator:
    """Yields a network that computes in float32; new layers do meanwhile.

    Half precision is for training on GPUs. On a CPU it is slower and has no
    float16 pooling, and what it rounds depends on how a graph is compiled, so
    that one module would have several answers.

    Args:
      network: with its variables; a mixed `VideoNetwork` is copied, any other
        stays as it is.
    """
    policy = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(FLOAT32)
    try:
        mixed = isinstance(network, VideoNetwork) and (
            network.compute_dtype != FLOAT32
        )
        yield rebuilt(network, dtype=FLOAT32) if mixed else network
    finally:
        keras.mixed_precision.set_global_policy(policy)
