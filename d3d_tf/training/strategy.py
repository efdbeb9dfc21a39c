"""Where a training runs."""

import tensorflow as tf

from d3d_tf.errors import UserError


def make_strategy(batch_size: int, devices: list[str] | None = None):
    """`MirroredStrategy` over all GPUs, or over the CPU where there is none.

    Args:
      batch_size: clips per step over all replicas; must divide evenly.
      devices: names such as `/cpu:0`, instead of all.

    Raises:
      UserError: the batch cannot be shared out evenly.
    """
    strategy = tf.distribute.MirroredStrategy(devices)
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise UserError(
            f"train.batch_size={batch_size} cannot be shared out among "
            f"{replicas} devices: use a multiple of {replicas}."
        )
    return strategy
