"""From features to optical flow: a decoder that probes networks for motion."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import Conv2D

DENSE = (128, 128, 96, 64, 32)
# Channels and dilation; the last layer's three channels come after them.
CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))
OUTPUTS = 3
# Whatever the policy is: a flow of pixels has more digits than half has.
FULL_PRECISION = {"dtype": "float32"}


class FlowDecoder(keras.layers.Layer):
    """The last level of PWC-Net's decoder without warping and cost volume.

    D3D, section 3, and its supplement. It sees one feature frame at a time:
    input `[batch, time, height, width, C]` float features, output
    `[batch, time, height, width, 3]` float32, the flow's (mag, sin, cos) as in
    `heads.flow_polar`. Five 3 x 3 convolutions, each put in front of its own
    input; from all of it a linear prediction, to which seven dilated
    convolutions (the context network) add a correction. 2,701,030 parameters
    at MaxPool_3a_3x3 (C = 192).

    Args:
      context: with the context network; the papers do not say whether they
        count it as a part of the decoder.
    """

    def __init__(self, *, context: bool = True, **kwargs):
        super().__init__(**kwargs | FULL_PRECISION)
        self.dense = [
            _conv(channels, name=f"dense{i}")
            for i, channels in enumerate(DENSE)
        ]
        self.predict = _conv(OUTPUTS, name="predict")
        self.context = []
        if context:
            layers = (*CONTEXT, (OUTPUTS, 1))
            self.context = [
                _conv(channels, dilation, name=f"context{i}")
                for i, (channels, dilation) in enumerate(layers, 1)
            ]

    def get_config(self):
        return super().get_config() | {"context": bool(self.context)}

    def call(self, features):
        # By places: a graph does not unpack a shape.
        batch, time, height, width = (tf.shape(features)[i] for i in range(4))
        net = tf.reshape(features, [-1, height, width, features.shape[-1]])
        for layer in self.dense:
            net = tf.concat([_leaky(layer(net)), net], axis=-1)
        flow = self.predict(net)
        for layer in self.context[:-1]:
            net = _leaky(layer(net))
        if self.context:
            flow += self.context[-1](net)
        return tf.reshape(flow, [batch, time, height, width, OUTPUTS])


def _conv(channels: int, dilation: int = 1, *, name: str):
    return Conv2D(
        channels,
        3,
        padding="same",
        dilation_rate=dilation,
        kernel_initializer="he_normal",
        name=name,
        **FULL_PRECISION,
    )


def _leaky(inputs):
    return tf.maximum(inputs, 0.1 * inputs)
