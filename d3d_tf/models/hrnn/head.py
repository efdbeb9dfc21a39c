"""The classifier of H-RNN: a mixture of experts for each class."""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.weight_decay import WeightDecay


class ExpertsHead(keras.layers.Layer):
    """Logistic experts for each class, and a gate that chooses among them.

    p = sum over experts of gate * sigmoid(expert); the gate is a soft-max over
    the experts and one more, which says 0. Input `[batch, 1, C]`, output
    `[batch, num_classes]` float32: the logits log(p / (1 - p)), so that the
    sigmoid of an answer is p; `pooled` gives `[batch, C]`.

    Args:
      num_classes: number of outputs.
      mixtures: experts for each class.
      weight_decay: of both kernels, see `WeightDecay`.
    """

    def __init__(
        self, num_classes: int, mixtures: int, weight_decay: float, **kwargs
    ):
        super().__init__(**kwargs)
        self.mixtures = mixtures

        def dense(parts: int, use_bias: bool, name: str):
            return keras.layers.Dense(
                num_classes * parts,
                use_bias=use_bias,
                kernel_regularizer=WeightDecay(weight_decay),
                name=name,
                dtype="float32",
            )

        self.gates = dense(mixtures + 1, False, "gates")
        self.experts = dense(mixtures, True, "experts")

    def call(self, features, training=None):
        net = self.pooled(features)
        gates = tf.nn.log_softmax(_by_class(self.gates(net), self.mixtures + 1))
        experts = _by_class(self.experts(net), self.mixtures)
        chosen = gates[..., : self.mixtures]
        # Both from logarithms: 1 - p would lose what is left of a p near 1.
        yes = tf.reduce_logsumexp(chosen + tf.math.log_sigmoid(experts), -1)
        no = tf.concat(
            [chosen + tf.math.log_sigmoid(-experts), gates[..., -1:]], axis=-1
        )
        return yes - tf.reduce_logsumexp(no, -1)

    def pooled(self, features):
        """`[batch, C]` float32: what the logits are made of."""
        return tf.cast(features[:, 0], tf.float32)


def _by_class(net, parts: int):
    """`[batch, classes, parts]`."""
    return tf.reshape(net, [tf.shape(net)[0], net.shape[-1] // parts, parts])
