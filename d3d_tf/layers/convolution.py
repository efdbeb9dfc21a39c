"""Keras' convolutions and 3-D max-pooling, correct on every CPU.

TensorFlow 2.15 has five faults on CPUs, and reports none of them:

- oneDNN leaves those entries of a filter's gradient unwritten whose tap never
  leaves the padding (a 7-tap kernel on an axis of length 1, a 3-tap kernel on
  one frame): they keep whatever was in memory, up to infinity, and the process
  may crash.
- oneDNN writes wrong entries into the gradient of a filter that has 7 taps in
  time and stride 2 on clips of 5 or 7 frames, or the process crashes (seen with
  2.15.1 and 2.21.0). Clips of 9 and more frames are correct.
- On CPUs without bfloat16 instructions the filter's gradient of a bfloat16
  convolution is about half of what it should be.
- Without oneDNN, and so in bfloat16 on such CPUs, every place that has the
  maximum gets the whole gradient: over a dozen poolings it grows to infinity.
- There is no max-pooling in float16.

Names and variables are those of Keras' layers.
"""

import tensorflow as tf

from d3d_tf import onednn
from d3d_tf.keras_api import keras


class Conv3D(keras.layers.Conv3D):
    """Keras' `Conv3D`, without the taps that see only padding.

    These taps multiply zeros, so the output is the same, and their gradient is
    zero, as it should be. On a CPU, half precision is computed in float32 and
    rounded; weights are rounded first, as on a GPU.

    Args:
      border: rows and columns of zeros at all four sides of the frames, before
        a convolution with `padding="valid"`: PyTorch's rule. SAME has one less
        in front of an even length if the stride is 2.

    Raises:
      ValueError: a border beside another padding.
    """

    def __init__(self, *args, border: int = 0, **kwargs):
        super().__init__(*args, **kwargs)
        if border and self.padding != "valid":
            raise ValueError(
                f"A border of {border} goes with padding='valid', not with "
                f"padding={self.padding!r}."
            )
        self.border = border

    def compute_output_shape(self, input_shape):
        sides = [side and side + 2 * self.border for side in input_shape[2:4]]
        return super().compute_output_shape(
            [*input_shape[:2], *sides, input_shape[4]]
        )

    def convolution_op(self, inputs, kernel):
        frames = None
        if self.padding == "same":
            if (self.kernel_size[0], self.strides[0]) == (7, 2):
                inputs, frames = _not_five_or_seven(inputs)
            kernel = _used_taps(inputs, kernel, self.strides)
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        outputs = super().convolution_op(
            with_border(tf.cast(inputs, dtype), self.border),
            tf.cast(kernel, dtype),
        )
        if frames is not None:
            outputs = outputs[:, :frames]
        return tf.cast(outputs, inputs.dtype)

    def get_config(self):
        return super().get_config() | {"border": self.border}


class Conv2D(keras.layers.Conv2D):
    """Keras' `Conv2D` of stride 1 and SAME padding, with dilation made fast.

    Where oneDNN or a GPU computes, they are given the dilation. Keras cuts
    frames into as many blocks as the dilation has places instead, most of which
    are padding on small frames: 10 times slower with a dilation of 8. They are
    not given taps that see only padding, as in `Conv3D`.

    Raises:
      ValueError: another stride or padding, or a kernel of even length.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        even = not all(length % 2 for length in self.kernel_size)
        if self.strides != (1, 1) or self.padding != "same" or even:
            raise ValueError(
                "A dilated convolution has stride 1, padding='same' and a "
                f"kernel of odd lengths; got {self.strides}, {self.padding!r} "
                f"and {self.kernel_size}."
            )

    def convolution_op(self, inputs, kernel):
        if not (onednn.is_on() or tf.config.list_logical_devices("GPU")):
            return super().convolution_op(inputs, kernel)
        kernel = _reaching_taps(inputs, kernel, self.dilation_rate)
        return tf.nn.conv2d(
            inputs, kernel, 1, "SAME", dilations=self.dilation_rate
        )


class MaxPool3D(keras.layers.MaxPool3D):
    """Keras' `MaxPool3D`, for half types on CPUs too; nothing is rounded."""

    def call(self, inputs):
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        return tf.cast(super().call(tf.cast(inputs, dtype)), inputs.dtype)


def with_border(clip, border: int):
    """A clip `[batch, time, height, width, C]` with so many rows and columns of
    zeros at all four sides of the frames.
    """
    if not border:
        return clip
    # Not `tf.pad`: Grappler tries to join that with the convolution, fails at
    # its gradient, says so, and optimises nothing else then.
    return tf.raw_ops.PadV2(
        input=clip,
        paddings=[[0, 0], [0, 0], [border] * 2, [border] * 2, [0, 0]],
        constant_values=tf.zeros([], clip.dtype),
    )


def computable(dtype, *not_on_cpu):
    """The type to compute in: float32 for types that CPUs compute badly."""
    if dtype in not_on_cpu and not tf.config.list_logical_devices("GPU"):
        return tf.float32
    return dtype


def _not_five_or_seven(inputs):
    """Appends zeros to clips of 5 and 7 frames, up to 9, which pad alike.

    SAME puts 3 zeros before 5, 7 and 9 frames alike, if there are 7 taps of
    stride 2. Also returns how many frames of the output are of the clip itself
    (None: all).
    """
    length = inputs.shape[1]
    if length is None:
        length = tf.shape(inputs)[1]
        wrong = (length == 5) | (length == 7)
        extra = tf.where(wrong, 9 - length, 0)
    elif length in (5, 7):
        extra = 9 - length
    else:
        return inputs, None
    padded = tf.pad(inputs, [[0, 0], [0, extra], [0, 0], [0, 0], [0, 0]])
    return padded, (length + 1) // 2


def _used_taps(inputs, kernel, strides):
    """`kernel` cut to the taps that meet `inputs` in a SAME convolution.

    The cut keeps the alignment. A cut that covers everything costs nothing:
    TensorFlow's slice then returns its input.
    """
    cuts = {}
    for axis, stride in enumerate(strides):
        taps, length = kernel.shape[axis], inputs.shape[1 + axis]
        if length is None and taps > 1:
            length = tf.shape(inputs)[1 + axis]
            cuts[axis] = slice(*_used(length, taps, stride, tf.maximum))
        elif length is not None:
            first, last = _used(length, taps, stride, max)
            if (first, last) != (0, taps):
                cuts[axis] = slice(first, last)
    if not cuts:
        return kernel
    return kernel[tuple(cuts.get(axis, slice(None)) for axis in range(3))]


def _reaching_taps(inputs, kernel, dilations):
    """`kernel`, of odd lengths, cut to the taps that meet `inputs`."""
    cuts = []
    for axis, dilation in enumerate(dilations):
        half, length = kernel.shape[axis] // 2, inputs.shape[1 + axis]
        if length is None:
            length = tf.shape(inputs)[1 + axis]
            reach = tf.minimum(half, (length - 1) // dilation)
        else:
            reach = min(half, (length - 1) // dilation)
        cuts.append(slice(half - reach, half + reach + 1))
    return kernel[tuple(cuts)]


def _used(length, taps: int, stride: int, largest) -> tuple:
    """The range of taps, end excluded, that meet an axis of `length`.

    Padding is TF's SAME rule: the smaller half in front. From its first place
    to its last the kernel moves by `way`, so padding beyond that is met by
    taps that never leave it.
    """
    way = ((length + stride - 1) // stride - 1) * stride
    padding = largest(way + taps - length, 0)
    front = padding // 2
    return largest(front - way, 0), taps - largest(padding - front - way, 0)
