"""The depthwise convolution and its gradients, against sums in float64."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.depthwise import DepthwiseConv3D, depthwise_conv3d

CUBE, ROW = (3, 3, 3), (5, 1, 1)


def convolved(clip, kernel, stride, upstream=None):
    """Output, and gradients of sum(upstream * output), by the definition."""
    clip, kernel = np.float64(clip), np.float64(kernel)
    halves = [taps // 2 for taps in kernel.shape[:3]]
    paddings = [(0, 0), *((half, half) for half in halves), (0, 0)]
    padded = np.pad(clip, paddings)
    time = clip.shape[1]
    rows, columns = (-(-n // stride) for n in clip.shape[2:4])
    outputs = np.zeros([len(clip), time, rows, columns, clip.shape[-1]])
    to_padded, to_kernel = np.zeros_like(padded), np.zeros_like(kernel)
    for t, i, j in np.ndindex(kernel.shape[:3]):
        place = (
            slice(None),
            slice(t, t + time),
            slice(i, i + (rows - 1) * stride + 1, stride),
            slice(j, j + (columns - 1) * stride + 1, stride),
        )
        outputs += padded[place] * kernel[t, i, j]
        if upstream is not None:
            to_padded[place] += upstream * kernel[t, i, j]
            to_kernel[t, i, j] = (padded[place] * upstream).sum((0, 1, 2, 3))
    inside = tuple(
        slice(half, half + n)
        for half, n in zip([0, *halves], clip.shape, strict=False)
    )
    return outputs, to_padded[inside], to_kernel


def test_three_frames_by_hand():
    """Kernel 1, 10, 100 in time, 1 pixel: y_t = x_{t-1} + 10 x_t + 100 x_{t+1}.

    Clip 1, 2, 3: 0 + 10 + 200, 1 + 20 + 300, 2 + 30 + 0.
    """
    clip = tf.reshape(tf.constant([1.0, 2.0, 3.0]), [1, 3, 1, 1, 1])
    kernel = np.zeros([3, 3, 3, 1], np.float32)
    kernel[:, 1, 1, 0] = 1, 10, 100
    outputs = depthwise_conv3d(clip, tf.constant(kernel))
    assert outputs.numpy().ravel().tolist() == [210, 321, 32]
    alone = depthwise_conv3d(clip, tf.constant(kernel[:, 1:2, 1:2]))
    assert alone.numpy().ravel().tolist() == [210, 321, 32]


@pytest.mark.parametrize("graph", ["eager", "known", "unknown"])
@pytest.mark.parametrize("size, stride", [(CUBE, 1), (CUBE, 2), (ROW, 1)])
@pytest.mark.parametrize("clips", [1, 2])
def test_output_and_gradients(clips, graph, size, stride):
    """Clips shorter than the kernel, too, and with a single place.

    One clip alone is computed by another way.

    Five times: what a fault of oneDNN leaves unwritten is not the same twice.
    """
    rng = np.random.default_rng(0)
    kernel = tf.constant(rng.normal(size=[*size, 16]), tf.float32)

    def gradients(clip, kernel, upstream):
        with tf.GradientTape() as tape:
            tape.watch([clip, kernel])
            outputs = depthwise_conv3d(clip, kernel, stride)
            loss = tf.reduce_sum(outputs * upstream)
        return outputs, *tape.gradient(loss, [clip, kernel])

    if graph == "unknown":
        free = tf.TensorSpec([None, None, None, None, 16])
        specs = [free, tf.TensorSpec(kernel.shape), free]
        gradients = tf.function(gradients, input_signature=specs)
    elif graph == "known":
        gradients = tf.function(gradients, reduce_retracing=False)
    for axes in (1, 1, 1), (2, 2, 2), (2, 1, 5), (3, 4, 7), (7, 9, 6):
        clip = rng.normal(size=[clips, *axes, 16]).astype(np.float32)
        shape = convolved(clip, kernel, stride)[0].shape
        upstream = rng.normal(size=shape).astype(np.float32)
        expected = convolved(clip, kernel, stride, upstream)
        for _ in range(5 if graph == "known" else 1):
            found = gradients(tf.constant(clip), kernel, tf.constant(upstream))
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-5)


def test_it_is_keras_grouped_convolution():
    """Of unit stride, where paddings are the same."""
    ours = DepthwiseConv3D(CUBE)
    theirs = keras.layers.Conv3D(4, 3, padding="same", groups=4, use_bias=False)
    clip = tf.random.stateless_normal([2, 5, 6, 7, 4], [0, 1])
    outputs = ours(clip)
    theirs.build(clip.shape)
    theirs.kernel.assign(ours.kernel[..., None, :])
    np.testing.assert_allclose(theirs(clip), outputs, atol=1e-5)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_precision(half):
    layer = DepthwiseConv3D(CUBE, 2, dtype=f"mixed_{half}")
    clip = tf.random.stateless_normal([1, 3, 5, 5, 8], [0, 1])
    outputs = layer(tf.cast(clip, half))
    assert outputs.dtype == half and layer.kernel.dtype == tf.float32
    expected = convolved(clip, layer.kernel, 2)[0]
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float32), expected, atol=0.03
    )


def test_configuration_round_trip():
    layer = DepthwiseConv3D(CUBE, 2, "zeros", keras.regularizers.L2(0.5))
    copy = DepthwiseConv3D.from_config(layer.get_config())
    assert (copy.kernel_size, copy.stride) == (CUBE, 2)
    copy(tf.zeros([1, 2, 3, 3, 2]))
    np.testing.assert_array_equal(copy.kernel, np.zeros([3, 3, 3, 2]))
    copy.kernel.assign_add(tf.ones_like(copy.kernel))
    assert float(sum(copy.losses)) == 0.5 * 54


@pytest.mark.parametrize("size, stride", [((2, 3, 3), 1), (CUBE, 3)])
def test_what_it_cannot_do(size, stride):
    with pytest.raises(ValueError, match="odd lengths"):
        DepthwiseConv3D(size, stride)


@pytest.mark.parametrize("sides", [(8, 8), (7, 8), (8, 9), (1, 5)])
@pytest.mark.parametrize("clips", [1, 2])
def test_with_a_bias_it_begins_at_the_same_place(clips, sides):
    """Of folded networks, by another padding: even and odd sides, stride 2."""
    rng = np.random.default_rng(0)
    clip = tf.constant(rng.normal(size=[clips, 3, *sides, 4]), tf.float32)
    kernel = tf.constant(rng.normal(size=[3, 3, 3, 4]), tf.float32)
    bias = np.float32([1, -2, 3, 0.5])
    found = depthwise_conv3d(clip, kernel, 2, bias)
    plain = depthwise_conv3d(clip, kernel, 2)
    np.testing.assert_allclose(found, plain + bias, atol=1e-5)
