"""A network up to an endpoint, and a flow decoder on top of it."""

import tensorflow as tf

from d3d_tf.heads.flow_decoder import FlowDecoder
from d3d_tf.keras_api import keras


class FlowProbe(keras.Model):
    """`probe(clip)`: the flow that an endpoint of a network knows of.

    A clip is what the network takes; the answer is `[batch, time', height',
    width', 3]` float32, (mag, sin, cos) as in `heads.flow_polar`, of the
    endpoint's size. The decoder is trained; the network is not, and runs in
    inference mode, unless it is `finetuned`.

    Args:
      network: a `VideoNetwork` with its variables.
      endpoint: a name of `network.trunk.endpoints`.
      finetuned: whether the network up to there is trained too.
      context: see `FlowDecoder`.

    Attributes:
      time_stride: frames of the clip per frame of the endpoint.
    """

    def __init__(
        self,
        network,
        endpoint: str,
        *,
        finetuned: bool = False,
        context: bool = True,
    ):
        super().__init__()
        trunk = network.trunk
        self.finetuned = finetuned
        self.time_stride = trunk.time_stride(endpoint)
        self.before = trunk.layers_up_to(endpoint)
        self.decoder = FlowDecoder(context=context)
        for layer in self.before:
            layer.trainable = finetuned
        # As an attribute, the trunk would bring what comes after the endpoint.
        self._features = lambda clip, training: trunk.up_to(
            endpoint, clip, training=training
        )[endpoint]

    def call(self, clip, training=None):
        if self.finetuned:
            return self.decoder(self._features(clip, training))
        return self.decoder(tf.stop_gradient(self._features(clip, False)))
