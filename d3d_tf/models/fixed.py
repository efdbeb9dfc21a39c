"""Layers whose weights are numbers of the graph, for folded networks."""

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import computable
from d3d_tf.layers.depthwise import DepthwiseConv3D, depthwise_conv3d


class Fixed(keras.layers.Layer):
    """A convolution or a dense layer without variables.

    Args:
      layer: a built `Conv3D`, `DepthwiseConv3D` or Keras `Dense`.

    Attributes:
      path: of the layer in its network.
      kernel: float32, as the layer's; its last axis is the output's.
      bias: float32 `[out]`, or None.
    """

    def __init__(self, layer):
        super().__init__(name=layer.name, dtype=layer.dtype_policy)
        self.path = path_of(layer)
        self.kernel: np.ndarray = layer.kernel.numpy()
        self.bias: np.ndarray | None = None
        self._activation = getattr(layer, "activation", None)
        if getattr(layer, "use_bias", False):
            self.bias = layer.bias.numpy()
        if isinstance(layer, DepthwiseConv3D):
            stride = layer.stride
            self._apply = lambda net, kernel, bias: depthwise_conv3d(
                net, kernel, stride, bias
            )
        elif isinstance(layer, keras.layers.Dense):
            self._apply = lambda net, kernel, bias: _plus(net @ kernel, bias)
        else:
            strides = [1, *layer.strides, 1]
            padding = layer.padding.upper()
            sides = [getattr(layer, "border", 0)] * 2
            paddings = [[0, 0], [0, 0], sides, sides, [0, 0]]

            def convolve(net, kernel, bias):
                if net.shape[1:4] == kernel.shape[:3] == [1, 1, 1]:
                    # A dense layer, in a third of the time.
                    flat = tf.reshape(net, [-1, net.shape[-1]])
                    flat = _plus(flat @ kernel[0, 0, 0], bias)
                    return flat[:, None, None, None]
                if any(sides):
                    # Grappler makes one operation of both.
                    net = tf.pad(net, paddings)
                net = tf.nn.conv3d(net, kernel, strides, padding)
                return _plus(net, bias)

            self._apply = convolve

    def call(self, inputs):
        # Weights are rounded as the original's are, then computed with.
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        kernel = tf.cast(tf.constant(self.kernel, inputs.dtype), dtype)
        bias = None
        if self.bias is not None:
            bias = tf.cast(tf.constant(self.bias, inputs.dtype), dtype)
        net = self._apply(tf.cast(inputs, dtype), kernel, bias)
        net = tf.cast(net, inputs.dtype)
        return net if self._activation is None else self._activation(net)


class FixedNorm(keras.layers.Layer):
    """A batch normalisation that no convolution has taken in.

    Args:
      layer: a built `BatchNorm`.
      scale, shift: of its inputs, `[channels]`.

    Attributes:
      path, kernel, bias: as of `Fixed`; the kernel is the scale.
    """

    def __init__(self, layer, scale, shift):
        super().__init__(name=layer.name, dtype=layer.dtype_policy)
        self.path = path_of(layer)
        self.kernel, self.bias = np.float32(scale), np.float32(shift)

    def call(self, inputs, training=None):
        return inputs * tf.constant(self.kernel, inputs.dtype) + tf.constant(
            self.bias, inputs.dtype
        )


def path_of(layer) -> str:
    """`X3D/trunk/res2/block0/a`, by the names of its variables.

    They begin with the models around the network; if it was loaded, without it.
    """
    variable = getattr(layer, "kernel", None)
    if variable is None:
        variable = layer.moving_mean
    return variable.name.rpartition("/")[0]


def _plus(net, bias):
    return net if bias is None else tf.nn.bias_add(net, bias)
