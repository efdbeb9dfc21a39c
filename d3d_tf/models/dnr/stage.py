"""Residual blocks in a row, for families with DNR or without."""

import functools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.recompute import recompute
from d3d_tf.models.dnr.cell import RelayCell


class RelayStage(keras.layers.Layer):
    """Blocks, through which DNR relays the state of one cell.

    Input and output `[batch, time, height, width, C]`.

    Args:
      channels: that all its blocks have inside.
      recipe: `RelayRecipe` of a network with `recompute`.

    Attributes:
      blocks: set by the family. `block(clips, state, cell, training=...)`
        returns clips and the state for the next one; without DNR there is
        neither cell nor state. `block.is_repeatable`: it is not random.
    """

    blocks: list

    def __init__(self, channels: int, recipe: Any, **kwargs):
        super().__init__(**kwargs)
        self._recompute = recipe.recompute
        self.lstm = None
        if recipe.is_dynamic:
            self.lstm = RelayCell(channels, recipe, name="lstm")

    def build(self, input_shape):
        if self.lstm is not None:
            # It is no block's, nor are the names of its variables.
            nothing = self.lstm.start(1)
            self.lstm(nothing[0], nothing)
        super().build(input_shape)

    def call(self, inputs, training=None):
        net = inputs
        state: Sequence = ()
        if self.lstm is not None:
            state = self.lstm.start(tf.shape(inputs)[0])
        for block in self.blocks:
            run = functools.partial(_run, block, self.lstm, training)
            twice = self._recompute and training and block.built
            # The second time it must draw the same.
            twice = twice and block.is_repeatable
            net, *state = (
                recompute(run, net, *state) if twice else run(net, *state)
            )
        return net


def _run(block, cell, training, net, *state) -> tuple:
    """A block by tensors alone, as `recompute` wants it."""
    net, state = block(net, state, cell, training=training)
    return net, *state
