"""Batch normalisation as in the original S3D-G and I3D networks, or X3D.

y = (x - mean) / sqrt(var + epsilon) + beta; there is no gamma in any released
checkpoint of the first two. In training the statistics are those of the batch
over (batch, time, height, width), and their moving averages follow the *biased*
batch variance. Keras' fused layer stores the unbiased one, n / (n - 1) times
larger; we use the same fused kernel and undo that factor. Networks that come
from PyTorch have a gamma, and their averages follow the unbiased variance.
"""

import contextlib
import contextvars
import math

import numpy as np
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.layers.lengths import as_float32, lengths
from d3d_tf.layers.normalised import is_faster_here, normalised
from d3d_tf.layers.passes import share_of_update

_AT_REST = contextvars.ContextVar("averages_at_rest", default=False)


@contextlib.contextmanager
def averages_at_rest():
    """While entered, a `BatchNorm` in training does not update its averages.

    For code that computes a forward pass a second time.
    """
    token = _AT_REST.set(True)
    try:
        yield
    finally:
        _AT_REST.reset(token)


@keras.utils.register_keras_serializable("d3d_tf")
class BatchNorm(keras.layers.Layer):
    """Batch normalisation with a shift or none, and maybe a scale, per channel.

    Input and output: `[batch, time, height, width, channels]`, or with fewer
    axes between the first and the last, any float type; statistics and
    variables are float32.

    Under a distribution strategy every replica normalises with the statistics
    of its own part of the batch, as the paper's 56 GPUs did with 6 clips each,
    and the moving averages become the mean over replicas of each replica's
    update; so it is with the passes of a step (`StreamTrainer.passes`). With
    `synchronized=True` the statistics are those of the global
    batch, so that a step does not depend on how many replicas share it.
    Only sums travel between them; the gradient flows through.

    Args:
      momentum: share of the moving average kept at an update; the original
        networks use 0.999 (S3D, section 3).
      epsilon: added to the variance; 1e-3 in the original networks.
      synchronized: use the statistics of the global batch.
      clips: a batch is normalised in groups of so many clips, each by its own
        statistics, as if each were on a device of its own; 0: as one.
      scale: multiply by gamma before beta is added.
      shift: add beta; else it is a constant 0.
      unbiased: the moving average follows the unbiased variance of the batch,
        n / (n - 1) times the one that normalises it, as PyTorch has it.
      gamma_initializer: of gamma; `zeros` makes a residual branch start as
        nothing.

    A layer with `trainable=False` normalises with its moving averages also
    when called with `training=True`, which is Keras 2's rule. With
    `frozen_statistics=True`, an attribute, so does one whose shift is trained.
    `gamma_regularizer` and `beta_regularizer`, attributes too, are set before
    it is built.
    """

    def __init__(
        self,
        momentum: float = 0.999,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        *,
        clips: int = 0,
        scale: bool = False,
        shift: bool = True,
        unbiased: bool = False,
        gamma_initializer: str = "ones",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.synchronized = synchronized
        self.clips = clips
        self.scale = scale
        self.shift = shift
        self.unbiased = unbiased
        self.gamma_initializer = gamma_initializer
        self.gamma_regularizer: keras.regularizers.Regularizer | None = None
        self.beta_regularizer: keras.regularizers.Regularizer | None = None
        self.gamma = None
        self.frozen_statistics = False

    def build(self, input_shape):
        def add(name, initial_value, trainable):
            averaged = (
                {}
                if trainable
                else {
                    "synchronization": tf.VariableSynchronization.ON_READ,
                    "aggregation": tf.VariableAggregation.MEAN,
                }
            )
            return self.add_weight(
                name=name,
                shape=(input_shape[-1],),
                dtype=tf.float32,
                initializer=initial_value,
                trainable=trainable,
                regularizer=getattr(self, f"{name}_regularizer", None),
                experimental_autocast=False,
                **averaged,
            )

        if self.scale:
            self.gamma = add("gamma", self.gamma_initializer, True)
        if self.shift:
            self.beta = add("beta", "zeros", True)
        else:
            self.beta = np.zeros(input_shape[-1], np.float32)
        self.moving_mean = add("moving_mean", "zeros", False)
        self.moving_variance = add("moving_variance", "ones", False)
        super().build(input_shape)

    def call(self, inputs, training=None):
        if not training or not self.trainable or self.frozen_statistics:
            return self._normalise(
                inputs, self.moving_mean, self.moving_variance
            )
        if self.synchronized and _num_replicas() > 1:
            mean, variance, count = _global_moments(inputs)
            outputs = self._normalise(inputs, mean, variance)
            if self.unbiased:
                variance *= count / tf.maximum(count - 1.0, 1.0)
        elif self.clips:
            outputs, mean, variance = self._grouped(inputs)
        else:
            outputs, mean, variance = self._whole(inputs)
        if not _AT_REST.get():
            share = share_of_update(1.0 - self.momentum)
            _follow(self.moving_mean, mean, share)
            _follow(self.moving_variance, variance, share)
        return outputs

    def _normalise(self, inputs, mean, variance):
        scale = tf.math.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            scale *= self.gamma
        shift = self.beta - mean * scale
        return inputs * tf.cast(scale, inputs.dtype) + tf.cast(
            shift, inputs.dtype
        )

    def _whole(self, inputs):
        """Normalised inputs, and the batch's mean and variance to follow."""
        gamma = self.gamma
        if gamma is None:
            gamma = tf.ones(self.beta.shape)
        count = as_float32(math.prod(lengths(inputs)[:-1]))
        largest = tf.maximum if tf.is_tensor(count) else np.maximum
        # For one value the kernel does not apply the factor, nor do we.
        factor = largest(count, 1.0) / largest(count - 1.0, 1.0)
        if is_faster_here(inputs):
            outputs, mean, variance = normalised(
                inputs, gamma, self.beta, self.epsilon
            )
            variance *= factor if self.unbiased else 1.0
        else:
            outputs, mean, variance = self._fused(inputs, gamma)
            variance /= 1.0 if self.unbiased else factor
        if not tf.is_tensor(count) and count > 0:
            return outputs, mean, variance
        # A replica without a clip, in a short last batch, adds nothing.
        seen = count > 0
        mean = tf.where(seen, mean, self.moving_mean)
        variance = tf.where(seen, variance, self.moving_variance)
        return outputs, mean, variance

    def _fused(self, inputs, gamma):
        """TensorFlow's kernel; its variance is the unbiased one."""
        shape = lengths(inputs)
        nothing = tf.constant([], tf.float32)
        # The kernel wants four axes; time and height only ever act together.
        last = shape[3:] if len(shape) == 5 else [1, shape[-1]]
        outputs, mean, variance, *_ = _fused_kernel(inputs.dtype)(
            x=tf.reshape(inputs, [shape[0], -1, *last]),
            scale=gamma,
            offset=self.beta,
            mean=nothing,
            variance=nothing,
            epsilon=self.epsilon,
            is_training=True,
        )
        return tf.reshape(outputs, shape), mean, variance

    def _grouped(self, inputs):
        """As `_whole`, by groups; averages follow the means over groups."""
        batch, *rest = lengths(inputs)
        if not tf.is_tensor(batch) and batch % self.clips:
            raise UserError(
                f"A device has {batch} clips of a batch, which are not whole "
                f"groups of network.batch_norm_clips={self.clips}: choose "
                "another train.batch_size, or groups that divide it."
            )
        groups = tf.cast(
            tf.reshape(inputs, [-1, self.clips, *rest]), tf.float32
        )
        mean, variance = tf.nn.moments(groups, [1, 2, 3, 4], keepdims=True)
        outputs = (groups - mean) * tf.math.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            outputs *= self.gamma
        outputs = tf.cast(outputs + self.beta, inputs.dtype)
        mean, variance = (
            tf.reduce_mean(moment, [0, 1, 2, 3, 4])
            for moment in (mean, variance)
        )
        if self.unbiased:
            count = as_float32(math.prod([self.clips, *rest[:-1]]))
            variance *= count / (count - 1.0)
        return tf.reshape(outputs, [batch, *rest]), mean, variance

    def get_config(self):
        return super().get_config() | {
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "synchronized": self.synchronized,
            "clips": self.clips,
            "scale": self.scale,
            "shift": self.shift,
            "unbiased": self.unbiased,
            "gamma_initializer": self.gamma_initializer,
        }


def _follow(average, value, share):
    """average -= (average - value) * share, in two operations."""
    tf.raw_ops.ResourceApplyGradientDescent(
        var=average.handle, alpha=share, delta=average - value
    )


def _fused_kernel(dtype):
    """The first version on CPUs: the same result, with five operations less.

    Its gradient accepts None for the statistics, by which nothing is derived;
    for V3 TensorFlow makes zeros. GPUs are faster with V3.
    """
    if dtype == tf.float32 and not tf.config.list_logical_devices("GPU"):
        return tf.raw_ops.FusedBatchNorm
    return tf.raw_ops.FusedBatchNormV3


def _num_replicas() -> int:
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def _global_moments(inputs):
    """Mean and biased variance over the global batch, and how many values.

    All are float32 `[channels]`.
    """
    inputs = tf.cast(inputs, tf.float32)
    axes = [*range(inputs.shape.rank - 1)]
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
    # Sums and not means: replicas may hold parts of unequal size.
    sums = tf.stack(
        [
            tf.reduce_sum(inputs, axes),
            tf.reduce_sum(tf.square(inputs), axes),
            tf.fill(tf.shape(inputs)[-1:], count),
        ]
    )
    total, squares, counts = tf.unstack(
        tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, sums
        )
    )
    mean = total / counts
    variance = tf.maximum(squares / counts - tf.square(mean), 0.0)
    return mean, variance, counts
