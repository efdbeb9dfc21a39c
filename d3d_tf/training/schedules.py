"""Optimisers from a recipe."""

import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.keras_api import keras
from d3d_tf.training.optimizers import SGD, Adam


def make_optimizer(train: TrainRecipe):
    """The recipe's optimiser, whose rate falls by the recipe's schedule."""
    schedules = keras.optimizers.schedules
    first = train.learning_rate
    if train.schedule == "steps":
        rate = schedules.PiecewiseConstantDecay(
            [train.steps * 5 // 7, train.steps * 6 // 7],
            [first, first / 10, first / 100],
        )
    else:
        rate = schedules.CosineDecay(first, train.steps)
    if train.warmup_steps:
        rate = Warmup(rate, train.warmup_from, train.warmup_steps)
    if train.optimizer == "adam":
        return Adam(rate)
    return SGD(rate, momentum=train.momentum, nesterov=train.nesterov)


@keras.utils.register_keras_serializable("d3d_tf")
class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose first steps rise linearly to its own rate.

    SlowFast's (Goyal et al. 2017): the rise ends at the rate that the schedule
    has there, which a cosine has lowered a little by then.

    Args:
      schedule: of steps to rates.
      first: the rate of step 0.
      steps: of the rise; the rate of step `steps` is the schedule's.
    """

    def __init__(self, schedule, first: float, steps: int):
        self.schedule = schedule
        self.first = first
        self.steps = steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        top = self.schedule(float(self.steps))
        rising = self.first + (top - self.first) * step / float(self.steps)
        return tf.where(step < self.steps, rising, self.schedule(step))

    def get_config(self):
        return {
            "schedule": keras.optimizers.schedules.serialize(self.schedule),
            "first": self.first,
            "steps": self.steps,
        }

    @classmethod
    def from_config(cls, config):
        read = keras.optimizers.schedules.deserialize
        return cls(**(config | {"schedule": read(config["schedule"])}))
