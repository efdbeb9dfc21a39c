"""The trunk of a folded network: what pooling drops is not gated, nor joined.

Gates are above 0, so max(g x) = g max(x), to the bit, and branches may be
pooled one by one. Behind its pooling a unit has an eighth (MaxPool_3a: a
quarter) of the values to pass over.
"""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import MaxPool3D
from d3d_tf.models.backbone import Backbone
from d3d_tf.models.inception.blocks import ConvUnit, SelfGating, mean_over_clip
from d3d_tf.models.inception.trunk import Inception3D


class FixedGates(keras.layers.Layer):
    """The gates of a `SelfGating` whose matrix is numbers of the graph.

    Takes `[batch, time, height, width, C]`, returns `[batch, 1, 1, 1, C]` above
    0, computed in float32. They come from a matrix product: as convolutions of
    one place, S3D-G's 37 gates took 20 of 600 ms on two cores.

    Args:
      gating: one whose convolution is `Fixed`.
    """

    def __init__(self, gating: SelfGating):
        super().__init__(name=gating.name, dtype=gating.dtype_policy)
        self.transformer_W = gating.transformer_W

    def call(self, inputs):
        matrix = self.transformer_W.kernel[0, 0, 0]
        pooled = tf.reshape(mean_over_clip(inputs), [-1, len(matrix)])
        gates = tf.sigmoid(pooled @ matrix)
        return tf.cast(gates, inputs.dtype)[:, None, None, None]


class FoldedTrunk(Backbone):
    """Takes and returns what an `Inception3D` does, in inference.

    Args:
      trunk: of a network's copy. Its units lose their gates to this layer.
    """

    def __init__(self, trunk: Inception3D):
        super().__init__(name=trunk.name, dtype=trunk.dtype_policy)
        self._trunk = trunk
        for unit in trunk.submodules:
            if isinstance(unit, ConvUnit):
                unit.fixed_gates = None
                if unit.self_gating is not None:
                    unit.fixed_gates = FixedGates(unit.self_gating)
                    unit.self_gating = None

    @property
    def units(self) -> list:
        """The trunk's."""
        return self._trunk.units

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self._trunk.endpoints

    @property
    def channels(self) -> int:
        return self._trunk.channels

    def layers_up_to(self, endpoint: str) -> list:
        return self._trunk.layers_up_to(endpoint)

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        return self._trunk.strides(endpoint)

    def call(self, inputs, training=None):
        return self.up_to(self.units[-1].name, inputs)

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        features = {}
        net = inputs
        branches: list[tuple] = []
        for unit in self._trunk.units_up_to(endpoint):
            if isinstance(unit, MaxPool3D):
                branches = [(unit(values), gates) for values, gates in branches]
            else:
                branches = _branches(unit, self._trunk.before(unit, net))
            # In a graph, nothing is computed of what nobody asks for.
            net = features[unit.name] = _joined(branches)
        return features


def _branches(unit, inputs) -> list[tuple]:
    """The outputs of a unit or block, side by side, and their gates or None."""
    if isinstance(unit, ConvUnit):
        ends, outputs = [unit], [unit(inputs)]
    else:
        ends, outputs = unit.ends, unit.branches(inputs)
    return [
        (values, end.fixed_gates and end.fixed_gates(values))
        for end, values in zip(ends, outputs, strict=True)
    ]


def _joined(branches: list[tuple]):
    gated = [v if gates is None else v * gates for v, gates in branches]
    return gated[0] if len(gated) == 1 else tf.concat(gated, axis=-1)
