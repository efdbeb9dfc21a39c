"""Batch normalisation folded into an X3D's convolutions, for inference.

With its moving averages, BN(w * x) = (s w) * x + b with the scale s = gamma /
sqrt(var + epsilon) and the shift b = beta - mean s. As kernels and biases are
constants of the graph then, TensorFlow joins convolution, bias and ReLU into
one operation, and oneDNN brings kernels into its own layout once.
"""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import computable
from d3d_tf.layers.depthwise import DepthwiseConv3D, depthwise_conv3d
from d3d_tf.models.network import FoldError, rebuilt

# Of the largest term of a channel. Rounding comes to some 3e-7.
LARGEST = 1e-5
_TINY = np.finfo(np.float32).tiny
# Layers with a convolution and its normalisation, by their names in them.
_PAIRS = (
    ("conv", "bn"),
    ("branch1", "branch1_bn"),
    ("a", "a_bn"),
    ("b", "b_bn"),
    ("c", "c_bn"),
)


class Fixed(keras.layers.Layer):
    """A convolution whose kernel and bias are numbers of the graph.

    Args:
      layer: a built `Conv3D` or `DepthwiseConv3D`.

    Attributes:
      path: of the layer in its network.
      kernel: float32, as the layer's; its last axis is the output's.
      bias: float32 `[out]`, or None.
    """

    def __init__(self, layer):
        super().__init__(name=layer.name, dtype=layer.dtype_policy)
        self.path = _path(layer)
        self.kernel: np.ndarray = layer.kernel.numpy()
        self.bias: np.ndarray | None = None
        self._depthwise = isinstance(layer, DepthwiseConv3D)
        if self._depthwise:
            self._stride, self._activation = layer.stride, None
            return
        if layer.use_bias:
            self.bias = layer.bias.numpy()
        self._strides = [1, *layer.strides, 1]
        self._padding = layer.padding.upper()
        self._activation = layer.activation

    def call(self, inputs):
        # Weights are rounded as the original's are, then computed with.
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        kernel = tf.cast(tf.constant(self.kernel, inputs.dtype), dtype)
        net = tf.cast(inputs, dtype)
        bias = None
        if self.bias is not None:
            bias = tf.cast(tf.constant(self.bias, inputs.dtype), dtype)
        if self._depthwise:
            net = depthwise_conv3d(net, kernel, self._stride, bias)
        else:
            net = tf.nn.conv3d(net, kernel, self._strides, self._padding)
            if bias is not None:
                net = tf.nn.bias_add(net, bias)
        net = tf.cast(net, inputs.dtype)
        return net if self._activation is None else self._activation(net)


def fold_batch_norm(network):
    """A copy of a built X3D that does the same in inference, faster.

    The copy answers to calls and `features` only and has no variables. Its
    logits differ from the network's by rounding.
    """
    folded = rebuilt(network)
    for layer in list(folded._flatten_layers()):
        for name, value in list(vars(layer).items()):
            if isinstance(value, keras.layers.Conv3D | DepthwiseConv3D):
                setattr(layer, name, Fixed(value))
    for layer, conv, norm in _pairs(folded):
        scale, shift = _scale_and_shift(getattr(layer, norm))
        fixed = getattr(layer, conv)
        # In float64: what is rounded once differs least.
        fixed.kernel = np.float32(fixed.kernel * scale)
        fixed.bias = np.float32(shift)
        setattr(layer, norm, keras.layers.Activation("linear"))
    return folded


def require_right_fold(network, folded) -> None:
    """Compares each convolution of a network with its folded one.

    What a norm does to 0, and its slope there, are the bias and the scale that
    the convolution must have: depth does not enlarge rounding here.

    Args:
      network: an X3D with its variables.
      folded: what `fold_batch_norm` made of it.

    Raises:
      FoldError: one of them differs by more than 1e-5; it is named.
    """
    there = {x.path: x for x in folded.submodules if isinstance(x, Fixed)}
    norms = {
        _path(getattr(layer, conv)): getattr(layer, norm)
        for layer, conv, norm in _pairs(network)
    }
    for own in network.submodules:
        if not isinstance(own, keras.layers.Conv3D | DepthwiseConv3D):
            continue
        path = _path(own)
        fixed = there[path]
        kernel = own.kernel.numpy()
        shift = getattr(own, "bias", None)
        shift = np.zeros(kernel.shape[-1]) if shift is None else shift.numpy()
        terms = np.abs(shift)
        if path in norms:
            slope, shift, terms = _measured(norms[path])
            kernel = kernel * slope
        bias = np.zeros_like(shift) if fixed.bias is None else fixed.bias
        gaps = (
            _error(fixed.kernel - kernel, kernel),
            _error(bias - shift, terms),
        )
        # NaN is no more than anything, and no less.
        if not max(gaps) <= LARGEST or any(map(np.isnan, gaps)):
            raise FoldError(
                f"{path}, folded, differs by {max(gaps):.2g} from what it "
                f"was; at most {LARGEST:g} is rounding"
            )


def _measured(norm):
    """Slope and value at 0 of a norm as it computes, and the shift's terms."""
    zero = tf.zeros([1, 1, 1, 1, norm.beta.shape[0]])
    with tf.GradientTape() as tape:
        tape.watch(zero)
        shift = norm(zero, training=False)
    slope = np.float64(tape.gradient(shift, zero)).ravel()
    shift = np.float64(shift).ravel()
    # beta - mean s: if they cancel, rounding is that of either.
    return slope, shift, np.abs(shift) + np.abs(norm.beta.numpy())


def _scale_and_shift(norm: BatchNorm):
    gamma, beta, mean, variance = (
        np.asarray(v, np.float64)
        for v in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    )
    scale = gamma * (variance + norm.epsilon) ** -0.5
    return scale, beta - mean * scale


def _pairs(network):
    """`(layer, its convolution, its norm)`, the latter by their names."""
    return [
        (layer, conv, norm)
        for layer in network._flatten_layers()
        for conv, norm in _PAIRS
        if isinstance(getattr(layer, norm, None), BatchNorm)
    ]


def _path(layer) -> str:
    """`trunk/res2/block0/a`: where a convolution is in its network."""
    return layer.kernel.name.partition("/")[2].rpartition("/")[0]


def _error(gap: np.ndarray, terms: np.ndarray) -> float:
    """The largest gap of a channel, of its largest term."""
    axes = tuple(range(gap.ndim - 1))
    largest = np.abs(terms).max(axes).clip(_TINY)
    return float(np.max(np.abs(gap).max(axes) / largest))
