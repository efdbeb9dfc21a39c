"""What to do when a step does not fit into memory."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.errors import UserError


@contextlib.contextmanager
def naming_shortage(train: TrainRecipe, strategy) -> Iterator[None]:
    """While entered, a want of memory is answered with what needs less.

    Args:
      train: of the recipe.
      strategy: whose devices share out a batch.

    Raises:
      UserError: there was not enough.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "OOM" not in str(error):
            raise
        share = train.batch_size // strategy.num_replicas_in_sync
        clips = share // train.accumulate
        words = (
            f"A step does not fit into memory: {clips} clips of "
            f"train.batch_size={train.batch_size} are on a device at a time."
        )
        if fewer := parts_below(share, train.accumulate):
            words += (
                f" With --set train.accumulate={fewer} it is "
                f"{share // fewer}, in steps of the same size (batch "
                "normalisation follows these);"
            )
        raise UserError(
            f"{words} --set network.recompute=true needs less for each, where "
            "the network has it. A run of other settings needs another "
            "--run_dir."
        ) from error


def parts_below(clips: int, parts: int) -> int | None:
    """The next number of parts above `parts` that divides so many clips."""
    return next(
        (n for n in range(parts + 1, clips + 1) if clips % n == 0), None
    )
