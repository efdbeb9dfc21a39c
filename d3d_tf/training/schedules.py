"""Optimisers from a recipe."""

import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.keras_api import keras
from d3d_tf.training.optimizers import SGD, Adam

# What each fall leaves of the rate (NeXtVLAD's `learning_rate_decay`).
_STAIRS = {"staircase": 0.8, "constant": 1.0}


def make_optimizer(train: TrainRecipe):
    """The recipe's optimiser, whose rate falls by the recipe's schedule."""
    schedules = keras.optimizers.schedules
    first = train.learning_rate
    if train.schedule == "steps":
        falls = [train.steps * 5 // 7, train.steps * 6 // 7]
        if train.rate_falls_at:
            # Keras has the old rate in that very step, too.
            falls = [round(train.steps * s) - 1 for s in train.rate_falls_at]
        rate = schedules.PiecewiseConstantDecay(
            falls, [first / 10**k for k in range(len(falls) + 1)]
        )
    elif train.schedule in _STAIRS:
        rate = schedules.ExponentialDecay(
            first,
            train.falls_every or 1,
            _STAIRS[train.schedule],
            staircase=True,
        )
    else:
        rate = schedules.CosineDecay(first, train.steps)
    if train.warmup_steps:
        start = train.warmup_from
        if train.warmup_along:
            start /= first
        rate = Warmup(rate, start, train.warmup_steps, train.warmup_along)
    options = {
        # Of the gradient that is summed over replicas, and no longer scaled.
        "global_clipnorm": train.clip_norm or None,
        "clipnorm": train.clip_each_norm or None,
        "use_ema": bool(train.average),
        "ema_momentum": train.average,
    }
    if train.optimizer == "adam":
        return Adam(rate, **options)
    return SGD(
        rate,
        momentum=train.momentum,
        nesterov=train.nesterov,
        groups=train.groups,
        **options,
    )


@keras.utils.register_keras_serializable("d3d_tf")
class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose first steps rise linearly to its own rate.

    SlowFast's (Goyal et al. 2017): the rise ends at the rate that the schedule
    has there, which a cosine has lowered a little by then. Or, `along` the
    schedule, its own rate times a share that rises to 1 (MMCV's).

    Args:
      schedule: of steps to rates.
      first: the rate of step 0; along the schedule, its share.
      steps: of the rise; the rate of step `steps` is the schedule's.
      along: the schedule.
    """

    def __init__(self, schedule, first: float, steps: int, along: bool = False):
        self.schedule = schedule
        self.first = first
        self.steps = steps
        self.along = along

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        own = self.schedule(step)
        top = 1.0 if self.along else self.schedule(float(self.steps))
        rising = self.first + (top - self.first) * step / float(self.steps)
        if self.along:
            rising *= own
        return tf.where(step < self.steps, rising, own)

    def get_config(self):
        return {
            "schedule": keras.optimizers.schedules.serialize(self.schedule),
            "first": self.first,
            "steps": self.steps,
            "along": self.along,
        }

    @classmethod
    def from_config(cls, config):
        read = keras.optimizers.schedules.deserialize
        return cls(**(config | {"schedule": read(config["schedule"])}))
