"""Batch normalisation folded into the convolution before it, for inference.

With its moving averages, relu(BN(w * x)) = relu((s w) * x + b) with the scale
s = 1 / sqrt(var + epsilon) and the shift b = beta - mean s. One pass over the
activations less, and TensorFlow joins what is left, convolution, shift and
ReLU, into one operation. As kernels are constants then, oneDNN brings them into
its own layout once and not in every call.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import computable
from d3d_tf.models.inception.blocks import ConvUnit
from d3d_tf.models.inception.folded_trunk import FoldedTrunk
from d3d_tf.models.network import rebuilt


class FixedConv3D(keras.layers.Layer):
    """A convolution whose kernel and bias are numbers of the graph.

    Args:
      conv: a built one, with SAME padding or a kernel of one place.

    Attributes:
      kernel: float32 `[time, height, width, in, out]`.
      bias: float32 `[out]`, or None.
    """

    def __init__(self, conv: keras.layers.Conv3D):
        super().__init__(name=conv.name, dtype=conv.dtype_policy)
        self.kernel: np.ndarray = conv.kernel.numpy()
        self.bias = conv.bias.numpy() if conv.use_bias else None
        self.filters = conv.filters
        self._strides, self._activation = conv.strides, conv.activation

    def call(self, inputs):
        # Weights are rounded as the original's are, then computed with.
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        outputs = tf.nn.conv3d(
            tf.cast(inputs, dtype),
            tf.cast(tf.constant(self.kernel, inputs.dtype), dtype),
            [1, *self._strides, 1],
            "SAME",
        )
        outputs = tf.cast(outputs, inputs.dtype)
        if self.bias is not None:
            bias = tf.constant(self.bias, inputs.dtype)
            outputs = tf.nn.bias_add(outputs, bias)
        return self._activation(outputs)


def fold_batch_norm(network):
    """A copy of a built network that does the same in inference, faster.

    The copy answers to calls and `features` only. It has no variables: it
    cannot be trained, and its checkpoints and config are not those of the
    original class. Its logits differ from the original's by rounding.

    Args:
      network: any of `d3d_tf.models.inception.networks` with its variables.
    """
    folded = rebuilt(network)
    for layer in list(folded._flatten_layers()):
        make_constant(layer)
    for unit in _units(folded):
        fold_unit(unit)
    folded.trunk = FoldedTrunk(folded.trunk)
    return folded


def _units(network) -> list[ConvUnit]:
    return [u for u in network._flatten_layers() if isinstance(u, ConvUnit)]


def make_constant(layer) -> None:
    """Fixes convolutions that are a built layer's own, in place."""
    for name, value in list(vars(layer).items()):
        if isinstance(value, keras.layers.Conv3D):
            setattr(layer, name, FixedConv3D(value))


def fold_unit(unit: ConvUnit) -> None:
    """Folds one built unit, after `make_constant`, in place."""
    norm = unit.batch_norm
    mean, variance, beta = (
        np.asarray(v, np.float64)
        for v in (norm.moving_mean, norm.moving_variance, norm.beta)
    )
    # In float64: what is rounded once differs least.
    scale = (variance + norm.epsilon) ** -0.5
    unit.conv.kernel = np.float32(unit.conv.kernel * scale)
    unit.conv.bias = np.float32(beta - mean * scale)
    unit.batch_norm = keras.layers.Activation("linear")
