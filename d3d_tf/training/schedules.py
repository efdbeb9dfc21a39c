"""Optimisers from a recipe."""

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
    if train.optimizer == "adam":
        return Adam(rate)
    return SGD(rate, momentum=train.momentum)
