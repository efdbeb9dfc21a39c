"""The two levels of H-RNN, as in shwetabhardwaj44's code (commit cd5ec8c)."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.backbone import up_to_name
from d3d_tf.models.feature_clip import (
    WHOLE,
    FeatureBackbone,
    features_and_mask,
)
from d3d_tf.models.hrnn.config import HRNNRecipe


class Level(keras.layers.Layer):
    """Two LSTMs, one on the other, from a sequence to their last state.

    `layer((sequence, mask))`: `[batch, time, N]` and bool `[batch, time]`, True
    up to a sequence's length, to `[batch, 4 * cells]`: c and h of the first
    LSTM, then of the second. An empty sequence has the state 0.

    It is TensorFlow 1's `BasicLSTMCell`: what is forgotten has a bias of 1,
    which there is added to the variable and here is its first value; kernels
    are of inputs and state together there, and in Keras' order here.

    Args:
      cells: of each LSTM.
    """

    def __init__(self, cells: int, **kwargs):
        super().__init__(**kwargs)
        self.cells = cells

    def build(self, input_shape):
        width = input_shape[0][-1]
        self.lstms = []
        for i, inputs in enumerate((width, self.cells)):
            # Glorot's of the kernel of both, inputs and state.
            limit = (6 / (inputs + 5 * self.cells)) ** 0.5
            kernel, recurrent = (
                keras.initializers.RandomUniform(-limit, limit)
                for _ in range(2)
            )
            self.lstms.append(
                keras.layers.LSTM(
                    self.cells,
                    kernel_initializer=kernel,
                    recurrent_initializer=recurrent,
                    return_sequences=True,
                    return_state=True,
                    name=f"cell_{i}",
                )
            )
        super().build(input_shape)

    def call(self, inputs):
        net, mask = inputs
        states = []
        for lstm in self.lstms:
            net, hidden, cell = lstm(net, mask=mask)
            states += [cell, hidden]
        return tf.concat(states, axis=-1)

    @property
    def channels(self) -> int:
        """Of a step of its sequence."""
        return self.lstms[0].cell.kernel.shape[0]


class HRNNTrunk(FeatureBackbone):
    """Endpoints `chunks` `[batch, chunks, 4 * cells]` and `state`, of one.

    Every frame is divided by its length, over all features. `state` is what the
    paper calls the encoding of a video. A chunk after the video's end is 0, and
    the second level stops before it.

    Args:
      recipe: of the network.
    """

    def __init__(self, recipe: HRNNRecipe, **kwargs):
        super().__init__(**kwargs)
        self.chunk_frames = recipe.chunk_frames
        self.levels = [
            Level(recipe.cells, name=name) for name in recipe.endpoints
        ]

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(level.name for level in self.levels)

    @property
    def channels(self) -> int:
        return self.levels[0].channels

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        first, *more = self.layers_up_to(endpoint)
        features, mask = self._in_chunks(*features_and_mask(inputs))
        shape = tf.shape(features)
        batch, count, length = shape[0], shape[1], shape[2]
        chunks = first(
            (
                tf.reshape(features, [batch * count, length, shape[3]]),
                tf.reshape(mask, [batch * count, length]),
            )
        )
        chunks = tf.reshape(chunks, [batch, count, chunks.shape[-1]])
        found = {first.name: chunks}
        for level in more:
            # A chunk that has begun counts: the length is rounded up.
            state = level((chunks, mask[:, :, 0]))
            found[level.name] = state[:, None]
        return found

    def layers_up_to(self, endpoint: str) -> list:
        return up_to_name(self.levels, endpoint)

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        chunks = endpoint == self.endpoints[0]
        return (self.chunk_frames if chunks else WHOLE, 1, 1)

    def _in_chunks(self, features, mask) -> tuple:
        """Scaled, `[batch, chunks, length, N]`; what is missing is padding."""
        features = tf.math.l2_normalize(
            tf.cast(features, tf.float32), axis=-1, epsilon=1e-12
        )
        features = tf.cast(features, self.compute_dtype)
        length = self.chunk_frames
        missing = -tf.shape(features)[1] % length
        features = tf.pad(features, [[0, 0], [0, missing], [0, 0]])
        mask = tf.pad(mask, [[0, 0], [0, missing]])
        shape = tf.shape(features)
        count = shape[1] // length
        width = features.shape[2]
        return (
            tf.reshape(features, [shape[0], count, length, width]),
            tf.reshape(mask, [shape[0], count, length]),
        )
