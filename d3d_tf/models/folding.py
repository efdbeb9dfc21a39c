"""Batch normalisation folded into the convolution before it, for inference.

With its moving averages, relu(BN(w * x)) = relu((s w) * x + b) with the scale
s = 1 / sqrt(var + epsilon) and the shift b = beta - mean s. One pass over the
activations less, and TensorFlow joins what is left, convolution, shift and
ReLU, into one operation.
"""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.blocks import ConvUnit


class Shift(keras.layers.Layer):
    """x + b, b `[channels]`; stands where batch normalisation was."""

    def __init__(self, values, **kwargs):
        super().__init__(**kwargs)
        self._values = values

    def build(self, input_shape):
        self.shift = self.add_weight(
            name="shift",
            shape=self._values.shape,
            initializer=lambda shape, dtype=None, **_: self._values,
            trainable=False,
            experimental_autocast=False,
        )
        super().build(input_shape)

    def call(self, inputs, training=None):
        return tf.nn.bias_add(inputs, tf.cast(self.shift, inputs.dtype))


def fold_batch_norm(network):
    """A copy of a built network that does the same in inference, faster.

    The copy answers to calls and `features` only: it cannot be trained, and
    its checkpoints and config are not those of the original class. Its logits
    differ from the original's by rounding. A network without `ConvUnit` is
    returned as it is.

    Args:
      network: any of `d3d_tf.networks`, with its variables made.
    """
    units = _units(network)
    if not units:
        return network
    channels = units[0].conv.kernel.shape[-2]
    folded = type(network).from_config(network.get_config())
    clip = tf.zeros([1, 2, 32, 32, channels])
    folded(clip)
    folded.set_weights(network.get_weights())
    folded.trainable = False
    for unit in _units(folded):
        fold_unit(unit)
    folded(clip)
    return folded


def _units(network) -> list[ConvUnit]:
    return [u for u in network._flatten_layers() if isinstance(u, ConvUnit)]


def fold_unit(unit: ConvUnit) -> None:
    """Folds one built unit in place."""
    norm = unit.batch_norm
    scale = tf.math.rsqrt(norm.moving_variance + norm.epsilon)
    unit.conv.kernel.assign(unit.conv.kernel * scale)
    unit.batch_norm = Shift(norm.beta - norm.moving_mean * scale)
