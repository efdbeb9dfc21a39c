"""Dynamic Normalization and Relay: scale and shift come from a relayed cell.

Cai, Yao, Chen (NeurIPS 2021). The rules are those of the released code
(github.com/caidonkey/dnr), which `../shared/goldens/dnr` has run. An output is
h * (x - mean) / sqrt(var + epsilon) + c, with h and c of each clip.
"""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.models.dnr.cell import RelayCell, State
from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.dnr.frame_groups import FrameGroups
from d3d_tf.models.dnr.statistics import standardised, statistics


class CrossLayer(keras.layers.Layer):
    """The relay from block to block, by the cell that a stage's blocks share.

    `layer(clips, state, cell)` takes `[batch, time, height, width, C]` and the
    state of the block before; returns clips of that shape, and the state.

    Args:
      recipe: of the network.
      norm: the family's batch normalisation, without scale and shift.
    """

    def __init__(self, recipe: RelayRecipe, norm: BatchNorm, **kwargs):
        super().__init__(**kwargs)
        self.norm = statistics(recipe, norm)

    def call(self, inputs, state: State, cell: RelayCell, training=None):
        groups = FrameGroups(inputs)
        state = cell(groups.means(inputs)[0], state)
        net = standardised(self.norm, inputs, groups, training)
        h, c = (groups.spread(value[None]) for value in state)
        return _scaled(net, h, c), state


class CrossTemporal(keras.layers.Layer):
    """The relay from group to group of a clip's frames, by a cell of its own.

    Input and output `[batch, time, height, width, C]`. Where frames are no
    multiple of `recipe.frames_per_group`, the last group is shorter. With
    `recipe.bidirectional` the same cell also goes from the last group to the
    first, and h and c are the means of both ways (the supplement has no code
    for it: a reading), so a clip and its reverse are scaled and shifted alike.

    Args:
      channels: C.
      recipe: of the network.
      norm: as of `CrossLayer`.
    """

    def __init__(
        self, channels: int, recipe: RelayRecipe, norm: BatchNorm, **kwargs
    ):
        super().__init__(**kwargs)
        self._size = recipe.frames_per_group
        self._bidirectional = recipe.bidirectional
        self.norm = statistics(recipe, norm)
        self.lstm = RelayCell(channels, recipe, name="lstm")

    def call(self, inputs, training=None):
        groups = FrameGroups(inputs, self._size)
        means = groups.means(inputs)
        state = relayed(self.lstm, means)
        if self._bidirectional:
            back = relayed(self.lstm, means, backwards=True)
            state = tuple((x + y) / 2 for x, y in zip(state, back, strict=True))
        net = standardised(self.norm, inputs, groups, training)
        return _scaled(net, *map(groups.spread, state))


def relayed(cell: RelayCell, means, backwards: bool = False) -> State:
    """A cell's states after each group, `[groups, batch, C]`, from zeros.

    Args:
      cell: of the relay.
      means: `[groups, batch, C]`.
      backwards: from the last group to the first.
    """
    state = cell.start(tf.shape(means)[1])
    if means.shape[0] is None:
        return tf.scan(
            lambda state, mean: cell(mean, state),
            means,
            state,
            reverse=backwards,
        )
    states = []
    order = -1 if backwards else 1
    for mean in tf.unstack(means)[::order]:
        state = cell(mean, state)
        states.append(state)
    h, c = (tf.stack(part[::order]) for part in zip(*states, strict=True))
    return h, c


def _scaled(net, h, c):
    return net * tf.cast(h, net.dtype) + tf.cast(c, net.dtype)
