"""From RGB to flow, and from this flow to features."""

import dataclasses

import tensorflow as tf

from d3d_tf.data.decode import FLOW_SCALE
from d3d_tf.heads.flow_decoder import FlowDecoder
from d3d_tf.heads.flow_polar import on_grid, to_vectors
from d3d_tf.models.backbone import Backbone
from d3d_tf.models.inception.trunk import Inception3D
from d3d_tf.models.learned_flow.config import LearnedFlowRecipe


class LearnedFlowTrunk(Backbone):
    """The trunk of a temporal S3D-G, which is given flow decoded from RGB.

    Endpoints and strides are those of the temporal S3D-G, whose clip is as
    large as the one of RGB; `Backbone` says what goes in and comes out. D3D,
    section 5.6; its decoder is that of section 3.1. How a flow of the size of
    `flow_endpoint` becomes a clip the paper does not say, see `flow`.

    Args:
      recipe: of both S3D-Gs, and where the first one ends.

    Attributes:
      predictor: `Inception3D` of RGB up to `recipe.flow_endpoint`.
      decoder: `FlowDecoder` of its features.
      temporal: `Inception3D` of the flow.
    """

    def __init__(self, recipe: LearnedFlowRecipe, **kwargs):
        super().__init__(**kwargs)
        self._flow_endpoint = recipe.flow_endpoint
        first = dataclasses.replace(
            recipe.s3dg, final_endpoint=recipe.flow_endpoint
        )
        self.predictor = Inception3D(first, name="Predictor")
        self.decoder = FlowDecoder(name="Decoder")
        self.temporal = Inception3D(recipe.s3dg, name="Temporal")

    def call(self, inputs, training=None):
        return self.temporal(self._seen(inputs, training), training=training)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self.temporal.endpoints

    @property
    def channels(self) -> int:
        return self.predictor.channels

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        seen = self._seen(inputs, training)
        return self.temporal.up_to(endpoint, seen, training)

    def layers_up_to(self, endpoint: str) -> list:
        """Also of what an early endpoint sees: all that decodes the flow."""
        later = self.temporal.layers_up_to(endpoint)
        first = self.predictor.layers_up_to(self._flow_endpoint)
        return [*first, self.decoder, *later]

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        return self.temporal.strides(endpoint)

    def flow(self, clip, training=None):
        """The flow that the temporal S3D-G is given, in pixels per frame.

        Our reading: in time, frame t has the flow of feature frame t //
        stride, as feature frame j is compared with frame j * stride when a
        decoder is trained alone (`heads.flow_polar.resized`); in space it is
        resized bilinearly. Vectors are pixels of the clip and are not clipped.

        Args:
          clip: `[batch, time, height, width, 3]`, as the network takes it.
          training: whether batch normalisation sees the batch.

        Returns:
          Vectors (u, v), float32 `[batch, time, height, width, 2]`.
        """
        features = self.predictor(clip, training=training)[self._flow_endpoint]
        vectors = to_vectors(self.decoder(features))
        shape = tf.shape(clip)
        large = on_grid(vectors, (shape[2], shape[3]))
        stride = self.predictor.time_stride(self._flow_endpoint)
        longer = tf.repeat(large, stride, axis=1)[:, : shape[1]]
        # A shape that is computed is forgotten, also where it is known.
        return tf.ensure_shape(longer, [*clip.shape[:-1], 2])

    def _seen(self, clip, training):
        """In the units in which records' flow is given to a network."""
        return self.flow(clip, training) / FLOW_SCALE
