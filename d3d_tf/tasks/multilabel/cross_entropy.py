"""The cross-entropy of YouTube-8M: a sum over classes, with an epsilon."""

import tensorflow as tf

from d3d_tf.keras_api import keras

# In the logarithms; NeXtVLAD's code. H-RNN's and the kit's have 1e-5.
EPSILON = 1e-8


def cross_entropy(labels, probabilities, epsilon: float = EPSILON):
    """-sum over classes of y log(p + epsilon) + (1 - y) log(1 - p + epsilon).

    Args:
      labels: `[batch, classes]` 0 or 1.
      probabilities: float `[batch, classes]`.
      epsilon: keeps the logarithms finite.

    Returns:
      `[batch]`, of the type of the probabilities.
    """
    labels = tf.cast(labels, probabilities.dtype)
    yes = labels * tf.math.log(probabilities + epsilon)
    no = (1 - labels) * tf.math.log(1 - probabilities + epsilon)
    return -tf.reduce_sum(yes + no, axis=-1)


@keras.utils.register_keras_serializable("d3d_tf")
class SummedCrossEntropy(keras.losses.Loss):
    """`cross_entropy` of labels and logits.

    Args:
      epsilon: as there.
    """

    def __init__(
        self,
        epsilon: float = EPSILON,
        reduction: str = "sum_over_batch_size",
        name: str = "summed_cross_entropy",
    ):
        super().__init__(reduction=reduction, name=name)
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        return cross_entropy(y_true, tf.sigmoid(y_pred), self.epsilon)

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
