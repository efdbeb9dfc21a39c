"""The devices on which a training runs."""

import functools
import os

import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.training.workers import started


def make_strategy(
    batch_size: int,
    devices: list[str] | None = None,
    *,
    passes: int = 1,
    kind: str = "auto",
):
    """`MirroredStrategy` over all GPUs, or over the CPU if there is none.

    Of a process that is one of several workers, their common strategy; of
    `devices` that are named, a strategy of its own.

    Args:
      batch_size: clips per step over all replicas; must divide evenly.
      passes: in which a replica computes its clips; must divide these.
      kind: `tpu`: the TPU that the variable TPU_NAME names, or that of this
        machine.
      devices: names such as `/cpu:0`, instead of all.

    Raises:
      UserError: the batch cannot be shared out evenly, or there is no TPU.
    """
    workers = None if devices else started()
    if workers:
        strategy = workers.strategy
    elif kind == "tpu" and not devices:
        strategy = _on_tpu(os.environ.get("TPU_NAME", "local"))
    else:
        strategy = _mirrored(tuple(devices) if devices else None)
    replicas = strategy.num_replicas_in_sync
    if batch_size % (replicas * passes):
        shared = f"{replicas} devices"
        if passes > 1:
            shared += f" and train.accumulate={passes} passes of each"
        raise UserError(
            f"train.batch_size={batch_size} cannot be shared out among "
            f"{shared}: use a multiple of {replicas * passes}."
        )
    return strategy


@functools.cache
def _mirrored(devices: tuple[str, ...] | None):
    """One strategy per set of devices.

    TensorFlow numbers the sums over replicas per strategy but remembers their
    shapes per process: a second strategy on the same devices would meet the
    shapes of the first.
    """
    return tf.distribute.MirroredStrategy(devices)


@functools.cache
def _on_tpu(name: str):
    """Not run: there was no TPU to try it on."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (tf.errors.OpError, ValueError, OSError) as error:
        raise UserError(
            f"train.strategy=tpu found no TPU that is called {name!r}: "
            f"{str(error).splitlines()[0]} Set TPU_NAME, or work on a TPU VM."
        ) from error
    return tf.distribute.TPUStrategy(resolver)
