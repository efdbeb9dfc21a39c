"""The train step of a probe: flow is the label."""

from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.heads.flow_polar import (
    endpoint_error,
    polar_loss,
    resized,
    to_polar,
    to_vectors,
)
from d3d_tf.probe.network import FlowProbe


class ProbeTrainer(StreamTrainer):
    """Trains a `FlowProbe`; the loss is `polar_loss`, see D3D's section 3.

    Inputs are dicts with what the probe takes and with `flow`, float32 `[batch,
    time, height, width, 2]` in px per frame / 20; labels are not looked at.
    `epe` is reported beside the loss: the mean distance of decoded and true
    vectors, in pixels, at the places of the endpoint.

    Args:
      probe: with its variables.
      input_key: of what it takes: `frames` or `flow`.
      normalize_angle: for `epe`, see `to_vectors`.
    """

    loss_names = ("flow_loss", "epe")

    def __init__(
        self,
        probe: FlowProbe,
        *,
        input_key: str,
        normalize_angle: bool = False,
    ):
        super().__init__(probe, input_key=input_key)
        self._normalize_angle = normalize_angle

    def compile(self, optimizer="sgd", loss=None, metrics=None, **kwargs):
        """As Keras, but for `loss` and `metrics`, which are of labels."""
        super().compile(optimizer=optimizer, **kwargs)

    def clip_losses(self, inputs, labels, polar) -> dict:
        truth = resized(
            FLOW_SCALE * inputs["flow"],
            self.network.time_stride,
            polar.shape[2:4],
        )
        vectors = to_vectors(polar, normalize_angle=self._normalize_angle)
        return {
            "flow_loss": (1.0, polar_loss(polar, to_polar(truth))),
            "epe": (0.0, endpoint_error(vectors, truth)),
        }
