"""Optimisers from a recipe."""

from d3d_tf.config import TrainRecipe
from d3d_tf.keras_api import keras


def make_optimizer(train: TrainRecipe):
    """The recipe's optimiser; the rate falls as a half cosine to zero."""
    rate = keras.optimizers.schedules.CosineDecay(
        train.learning_rate, train.steps
    )
    if train.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=train.momentum)
