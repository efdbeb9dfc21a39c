"""The devices on which a training runs."""

import functools

import tensorflow as tf

from d3d_tf.errors import UserError


def make_strategy(
    batch_size: int, devices: list[str] | None = None, *, passes: int = 1
):
    """`MirroredStrategy` over all GPUs, or over the CPU if there is none.

    Args:
      batch_size: clips per step over all replicas; must divide evenly.
      passes: in which a replica computes its clips; must divide these.
      devices: names such as `/cpu:0`, instead of all.

    Raises:
      UserError: the batch cannot be shared out evenly.
    """
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
