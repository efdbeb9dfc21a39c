"""The L2 term of kernels: each by itself, as in Keras, or all at once."""

import contextvars

import tensorflow as tf

from d3d_tf.keras_api import keras

# While `sum_of_losses` is entered: weight decay to kernels.
_KERNELS = contextvars.ContextVar[dict[float, list] | None](
    "kernels", default=None
)


@keras.utils.register_keras_serializable("d3d_tf")
class WeightDecay(keras.regularizers.L2):
    """`weight_decay * sum(w^2) / 2` of a kernel; Keras' L2 has no 1/2.

    So TF-Slim, in which S3D-G was released, defines it.

    Args:
      weight_decay: 1e-7 in the original networks.
    """

    def __init__(self, weight_decay: float):
        super().__init__(weight_decay / 2)
        self.weight_decay = weight_decay

    def __call__(self, x):
        kernels = _KERNELS.get()
        if kernels is None:
            return super().__call__(x)
        kernels.setdefault(self.weight_decay, []).append(x)
        return None  # Keras leaves it out of `losses`.

    def get_config(self):
        return {"weight_decay": self.weight_decay}


def sum_of_losses(layer, *, vectors: bool = True):
    """The sum of a Keras layer's `losses`, with the same gradients.

    Kernels of equal `WeightDecay` make one term. With one for each of S3D-G's
    114, a training step has 5 % more operations, and the first one takes as
    much longer.

    Args:
      layer: or a model, built.
      vectors: count the `WeightDecay` of biases and of the scales and shifts of
        normalisation, too.

    Returns:
      Scalar float32.
    """
    kernels: dict[float, list] = {}
    token = _KERNELS.set(kernels)
    try:
        losses = layer.losses
    finally:
        _KERNELS.reset(token)
    for weight_decay, some in kernels.items():
        if not vectors:
            some = [kernel for kernel in some if kernel.shape.rank > 1]
        if not some:
            continue
        halves = tf.add_n([tf.nn.l2_loss(kernel) for kernel in some])
        losses.append(weight_decay * halves)
    return tf.add_n(losses) if losses else tf.constant(0.0)
