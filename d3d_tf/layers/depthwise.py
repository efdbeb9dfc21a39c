"""A depthwise 3-D convolution, fast and right on CPUs.

TensorFlow has none: `tf.nn.conv3d` refuses groups on CPUs, and Keras' `groups`
are slow. So each of the taps in time is TensorFlow's depthwise convolution of
a window of frames, and these are added. Windows reach over several clips, with
empty frames in between. A kernel that is long in time alone is one of rows,
with a clip's pixels as columns.

oneDNN computes the gradients of these operations fast, but those that
TensorFlow's tape asks for take two to six times as long as what is here: the
gradient of the clip as a convolution with the reversed kernel.

One core of an EPYC, TensorFlow 2.15.1, ms forward and with both gradients, 13
frames, for X3D-S's kernels of 3 x 3 x 3 (the first has stride 2) and 5 x 1 x 1,
in an earlier form that copied frames to shift them:

| clip | here | the tape's gradients | 27 (5) shifted sums |
|---|---|---|---|
| 80 x 80 x 54 | 11, 47 | 11, 110 | 828, 1799 |
| 40 x 40 x 54 | 4.7, 21 | 4.7, 80 | 44, 880 |
| 20 x 20 x 108 | 2.2, 9.3 | 2.2, 39 | 22, 437 |
| 10 x 10 x 216 | 1.2, 3.7 | 1.2, 20 | 10, 229 |
| 5 x 5 x 432 | 1.0, 1.9 | 1.0, 11 | 3, 114 |
| 80 x 80 x 24, 5 x 1 x 1 | 2.3, 9.8 | 2.3, 13 | 17, 298 |
"""

import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import computable
from d3d_tf.layers.lengths import lengths


@keras.utils.register_keras_serializable("d3d_tf")
class DepthwiseConv3D(keras.layers.Layer):
    """Every channel is convolved by itself; no bias.

    Input `[batch, time, height, width, C]`, any float type; the output has
    height and width divided by the stride, rounded up. Half of the kernel's
    length is padded at both ends of each axis, as PyTorch does; TensorFlow's
    SAME rule would shift the places of a stride of 2.

    Args:
      kernel_size: odd taps in time, height and width.
      stride: of height and width; 1 or 2.
      kernel_initializer, kernel_regularizer: of the kernel `[time, height,
        width, C]`.
    """

    def __init__(
        self,
        kernel_size: tuple[int, int, int],
        stride: int = 1,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if stride not in (1, 2) or not all(taps % 2 for taps in kernel_size):
            raise ValueError(
                "A kernel has odd lengths and the stride 1 or 2; got "
                f"{kernel_size!r} and {stride!r}."
            )
        self.kernel_size = tuple(kernel_size)
        self.stride = stride
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, input_shape[-1]),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        super().build(input_shape)

    def call(self, inputs):
        dtype = computable(inputs.dtype, tf.float16, tf.bfloat16)
        outputs = depthwise_conv3d(
            tf.cast(inputs, dtype), tf.cast(self.kernel, dtype), self.stride
        )
        return tf.cast(outputs, inputs.dtype)

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }


def depthwise_conv3d(clip, kernel, stride: int = 1, bias=None):
    """The convolution of a `DepthwiseConv3D`; gradients of clip and kernel.

    Args:
      clip: `[batch, time, height, width, C]`.
      kernel: `[time, height, width, C]`, of odd lengths.
      stride: of height and width.
      bias: `[C]`, a constant that is added.
    """
    if kernel.shape[1:3] == [1, 1] and stride == 1:
        batch, time, height, width, channels = lengths(clip)
        # Frames are rows of a picture.
        rows = tf.reshape(clip, [batch, 1, time, height * width, channels])
        turned = tf.transpose(kernel, [1, 0, 2, 3])
        rows = _convolution(rows, turned, 1, bias)
        return tf.reshape(rows, [batch, time, height, width, channels])
    return _convolution(clip, kernel, stride, bias)


def _convolution(clip, kernel, stride, bias):
    @tf.custom_gradient
    def run(clip, kernel):
        def backward(upstream):
            return (
                _to_clip(clip, kernel, stride, upstream),
                _to_kernel(clip, kernel, stride, upstream),
            )

        return _forward(clip, kernel, stride, bias), backward

    return run(clip, kernel)


def _forward(clip, kernel, stride, bias=None):
    """The sum over the taps in time of the shifted frames' convolutions."""
    is_alone = clip.shape[0] == 1 and (clip.shape[1] or 0) > 1
    if kernel.shape[0] == 3 and is_alone:
        add = _of_pieces
    else:
        add = _of_windows if stride == 1 else _of_frames
    return add(clip, kernel, bias, stride)


def _of_pieces(clip, kernel, bias, stride):
    """One clip, three taps: first and last frame are summed by themselves.

    Then no tap needs an empty frame, and only the sums are copied, into one
    clip: for X3D-S's first blocks it takes four fifths of the time of
    `_of_windows` and `_of_frames`, with the same bits.
    """
    frames = clip[0]
    windows = [frames[:-1], frames, frames[1:]]
    before, own, after = _taps(windows, kernel, bias, stride)
    pieces = [
        own[:1] + after[:1],
        tf.add_n([before[:-1], own[1:-1], after[1:]]),
        before[-1:] + own[-1:],
    ]
    return tf.concat(pieces, axis=0)[None]


def _of_windows(clip, kernel, bias, _):
    """Each tap sees a window of frames."""
    batch, time, *_ = lengths(clip)
    half = kernel.shape[0] // 2
    windows = _windows(_spaced(clip, half), half)
    net = tf.add_n(_taps(windows, kernel, bias, 1))
    axes = lengths(net)[1:]
    if half and clip.shape[0] != 1:
        # Without what is between the clips.
        starts = tf.range(batch)[:, None] * (time + 2 * half)
        net = tf.gather(net, starts + tf.range(time))
    return tf.reshape(net, [batch, time, *axes])


def _of_frames(clip, kernel, bias, stride):
    """With a stride of 2 each tap sees all frames: the quarter that it leaves
    of them is cheaper to shift than what it sees.
    """
    batch, time, *_ = lengths(clip)
    half = kernel.shape[0] // 2
    windows = [_spaced(clip, 0)] * (2 * half + 1)
    found = _taps(windows, kernel, bias, stride)
    for i, net in enumerate(found):
        net = tf.reshape(net, [batch, time, *lengths(net)[1:]])
        if i != half:
            net = _padded(net, half)[:, i : i + time]
        found[i] = net
    return tf.add_n(found)


def _taps(windows, kernel, bias, stride) -> list:
    """What each tap in time makes of its window; the middle has the bias."""
    taps = tf.unstack(kernel[..., None])
    padding, paddings = "SAME", []
    if stride > 1 and bias is None:
        rows, columns = (length // 2 for length in kernel.shape[1:3])
        padding = "EXPLICIT"
        paddings = [0, 0, rows, rows, columns, columns, 0, 0]
    elif stride > 1:
        # Of constants: with one more tap, of zeros, SAME begins where PyTorch
        # does. OpenVINO has no paddings in numbers, and of these and a bias
        # TensorFlow makes an operation that aborts the process.
        taps = [tf.pad(tap, [[0, 1], [0, 1], [0, 0], [0, 0]]) for tap in taps]
    found = [
        tf.raw_ops.DepthwiseConv2dNative(
            input=window,
            filter=tap,
            strides=[1, stride, stride, 1],
            padding=padding,
            explicit_paddings=paddings,
        )
        for window, tap in zip(windows, taps, strict=True)
    ]
    if bias is not None:
        middle = len(found) // 2
        found[middle] = tf.nn.bias_add(found[middle], bias)
    return found


def _to_clip(clip, kernel, stride, upstream):
    """A convolution, too: of the reversed kernel, with zeros for strides."""
    if stride > 1:
        batch, time, rows, columns, channels = lengths(upstream)
        height, width = lengths(clip)[2:4]
        zeros = tf.zeros_like(upstream)
        net = tf.stack([upstream, zeros], axis=4)
        net = tf.reshape(net, [batch, time, rows, 2 * columns, channels])
        net = tf.stack([net, tf.zeros_like(net)], axis=3)
        net = tf.reshape(net, [batch, time, 2 * rows, 2 * columns, channels])
        upstream = net[:, :, :height, :width]
    return _forward(upstream, kernel[::-1, ::-1, ::-1], 1)


def _to_kernel(clip, kernel, stride, upstream):
    time, height, width, channels = lengths(kernel)
    half = time // 2
    sides = [height // 2] * 2 + [width // 2] * 2
    alone = clip.shape[0] == 1
    # Outputs between clips have a slope of zero; one clip alone has none.
    slopes = _spaced(upstream, 0 if alone else half)
    if not alone:
        slopes = _windows(slopes, half)[half]
    found = [
        tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
            input=window,
            filter_sizes=[height, width, channels, 1],
            out_backprop=slopes,
            strides=[1, stride, stride, 1],
            padding="EXPLICIT",
            explicit_paddings=[0, 0, *sides, 0, 0],
        )
        for window in _windows(_spaced(clip, half), half)
    ]
    return tf.stack(found)[..., 0]


def _spaced(clip, time: int):
    """All frames in a row, `time` empty ones before and after each clip."""
    clip = _padded(clip, time)
    batch, time, *axes = lengths(clip)
    return tf.reshape(clip, [batch * time, *axes])


def _padded(clip, time: int):
    """The clip with so many empty frames before and after."""
    if not time:
        return clip
    # `PadV2`: see `with_border` of `layers.convolution`.
    return tf.raw_ops.PadV2(
        input=clip,
        paddings=[[0, 0], [time, time], *[[0, 0]] * 3],
        constant_values=tf.zeros([], clip.dtype),
    )


def _windows(frames, half: int) -> list:
    """What each tap in time sees: all but `2 * half` frames, one further each.

    Nothing is copied.
    """
    number = lengths(frames)[0] - 2 * half
    return [frames[i : i + number] for i in range(2 * half + 1)]
