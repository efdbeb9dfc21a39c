"""The cell of DNR: it makes a scale and a shift, and remembers both."""

from typing import Any

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.weight_decay import WeightDecay

State = tuple[tf.Tensor, tf.Tensor]


class RelayCell(keras.layers.Layer):
    """An LSTM cell with narrow gates, in float32.

    With `G = U(x) + V(h')`, of which the parts are input, forget, candidate and
    output gate in this order (DNR's released code),

        c = sigmoid(forget) * c' + sigmoid(input) * tanh(candidate)
        h = sigmoid(output) * sigmoid(c)

    where h is in (0, 1), and no LSTM's, to be a scale; c is a shift. U and V
    are dense layers C -> C / reduction -> 4 C with a ReLU in between. They
    start as PyTorch's, uniform in 1 / sqrt(inputs), biases too.

    `cell(x, state)` takes `[batch, C]` and the state before, and returns
    `(h, c)`, each `[batch, C]`; `cell.start(batch)` is the first state.

    Args:
      channels: C.
      recipe: `RelayRecipe` of a network with `weight_decay`.
    """

    def __init__(
        self,
        channels: int,
        recipe: Any,
        dtype: str = "float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.channels = channels
        inner = max(channels // recipe.reduction, 1)
        decay = WeightDecay(recipe.weight_decay)

        def dense(name, inputs, outputs, activation=None):
            return keras.layers.Dense(
                outputs,
                activation,
                kernel_initializer=_uniform(inputs),
                bias_initializer=_uniform(inputs),
                kernel_regularizer=decay,
                bias_regularizer=decay,
                name=name,
                dtype=dtype,
            )

        self.u_in = dense("u_in", channels, inner, "relu")
        self.u_out = dense("u_out", inner, 4 * channels)
        self.v_in = dense("v_in", channels, inner, "relu")
        self.v_out = dense("v_out", inner, 4 * channels)

    def start(self, batch) -> State:
        """The state before the first step: zeros."""
        zeros = tf.zeros([batch, self.channels], self.dtype)
        return zeros, zeros

    def call(self, inputs, state: State) -> State:
        h, c = state
        gates = self.u_out(self.u_in(inputs)) + self.v_out(self.v_in(h))
        put, keep, candidate, show = tf.split(gates, 4, axis=-1)
        c = tf.sigmoid(keep) * c + tf.sigmoid(put) * tf.tanh(candidate)
        return tf.sigmoid(show) * tf.sigmoid(c), c


def _uniform(inputs: int):
    bound = inputs**-0.5
    return keras.initializers.RandomUniform(-bound, bound)
