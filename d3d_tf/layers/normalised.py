"""Batch normalisation for channels that TensorFlow's own kernel is slow with.

oneDNN normalises 8 or 16 channels at a time; where their number is no multiple
of 8, TensorFlow's `FusedBatchNorm` takes them one by one. Sums over places as
products with a row of ones do not. With both gradients, ms on two cores of a
Xeon (Sapphire Rapids), TensorFlow 2.15.1:

| clip of 13 frames | `FusedBatchNorm`, AVX-512 | here | AVX2 | here |
|---|---|---|---|---|
| 80 x 80 x 54 | 50 | 20 | 65 | 18 |
| 40 x 40 x 54 | 16 | 5.2 | 17 | 5.8 |
| 20 x 20 x 108 | 2.6 | 2.9 | 2.4 | 2.7 |
"""

import math

import tensorflow as tf

from d3d_tf.layers.lengths import as_float32, lengths


def is_faster_here(inputs) -> bool:
    """Whether `normalised` is the way to go for these inputs.

    Args:
      inputs: float, the number of channels is known.
    """
    return (
        inputs.shape[-1] % 8 > 0
        and inputs.dtype == tf.float32
        and not tf.config.list_logical_devices("GPU")
    )


def normalised(inputs, scale, shift, epsilon: float):
    """Inputs in units of their own deviation, and their moments.

    Args:
      inputs: float32 `[..., channels]`.
      scale, shift: `[channels]`.
      epsilon: added to the variance.

    Returns:
      scale * (inputs - mean) / sqrt(variance + epsilon) + shift; mean and
      biased variance `[channels]`, which have no gradient.
    """
    *axes, channels = shape = lengths(inputs)
    number = math.prod(axes)
    count = tf.maximum(as_float32(number), 1.0)

    def total(rows):
        return tf.matmul(tf.ones([1, number]), rows)[0]

    @tf.custom_gradient
    def run(inputs, scale, shift):
        rows = tf.reshape(inputs, [number, channels])
        mean = total(rows) / count
        rows -= mean
        variance = total(tf.square(rows)) / count
        deviation = tf.math.rsqrt(variance + epsilon)

        def backward(upstream, *_):
            upstream = tf.reshape(upstream, [number, channels])
            to_shift = total(upstream)
            to_scale = total(upstream * rows) * deviation
            inner = rows * (to_scale * deviation / count) + to_shift / count
            to_rows = (upstream - inner) * (scale * deviation)
            return tf.reshape(to_rows, shape), to_scale, to_shift

        outputs = tf.reshape(rows * (scale * deviation) + shift, shape)
        return (outputs, mean, variance), backward

    return run(inputs, scale, shift)
