"""Labels, and flow as a second label: D3D's ablation "flow loss" (table 6)."""

from typing import Any

import tensorflow as tf

from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.heads.flow_decoder import FlowDecoder
from d3d_tf.heads.flow_polar import (
    endpoint_error,
    polar_loss,
    resized,
    to_polar,
    to_vectors,
)

_POLAR = "decoded_flow"


class FlowLossTrainer(StreamTrainer):
    """Trains a network from labels, and a flow decoder on one of its endpoints.

    The loss is that of the labels plus `weight` times `polar_loss`; there is no
    teacher. Inputs are dicts with `frames` and `flow`, as of a `Distiller`. The
    decoder is thrown away after training, as a teacher is.

    Args:
      network: a `VideoNetwork` of frames, with its variables.
      endpoint: whose features the decoder gets.
      weight: of the flow's loss; the paper states none.
      decoder: default: that of the motion probe.
    """

    loss_names = ("classification_loss", "flow_loss", "epe")

    def __init__(
        self,
        network,
        *,
        endpoint: str,
        weight: float = 1.0,
        decoder: FlowDecoder | None = None,
    ):
        super().__init__(network)
        self.decoder = decoder or FlowDecoder()
        self._endpoint = endpoint
        self._weight = weight
        self._time_stride = network.trunk.time_stride(endpoint)
        clip = tf.zeros([1, 2, 32, 32, network.trunk.channels])
        self.decoder(network.trunk.up_to(endpoint, clip)[endpoint])

    def beside(self) -> dict[str, Any]:
        return {"decoder": self.decoder}

    def call(self, inputs, training=None, decoded=False):
        if not decoded:
            return super().call(inputs, training=training)
        logits, features = self.network.logits_and_features(
            inputs["frames"], training=training
        )
        return logits, self.decoder(features[self._endpoint])

    def forward(self, inputs, training: bool):
        logits, polar = self(inputs, training=training, decoded=True)
        return inputs | {_POLAR: polar}, logits

    def clip_losses(self, inputs, labels, logits) -> dict:
        polar = inputs[_POLAR]
        truth = resized(
            FLOW_SCALE * inputs["flow"], self._time_stride, polar.shape[2:4]
        )
        return {
            "classification_loss": (1.0, self._clip_loss(labels, logits)),
            "flow_loss": (self._weight, polar_loss(polar, to_polar(truth))),
            "epe": (0.0, endpoint_error(to_vectors(polar), truth)),
        }
