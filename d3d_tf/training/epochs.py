"""A training in epochs, as Keras counts."""

from d3d_tf.config import TrainRecipe


def epochs(start: int, train: TrainRecipe) -> dict[str, int]:
    """What `fit` is asked for; an epoch is from one checkpoint to the next.

    A training that was stopped between two goes on to the next one, and from
    there as if nobody had stopped it, to the end, where a callback ends it; but
    that cannot end an execution of several steps.
    """
    per_epoch = min(train.checkpoint_every, train.steps)
    epoch, behind = divmod(start, per_epoch)
    last, steps = train.steps, per_epoch - behind
    if train.steps_per_execution > 1:
        left = train.steps - start
        last, steps = epoch + left // per_epoch, min(steps, left)
    if behind or steps < per_epoch:
        last = epoch + 1
    return {"initial_epoch": epoch, "epochs": last, "steps_per_epoch": steps}
