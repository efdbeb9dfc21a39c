"""Convolution and pooling against NumPy in float64, where CPUs go wrong."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf import onednn
from d3d_tf.keras_api import keras
from d3d_tf.layers.convolution import Conv2D, Conv3D, MaxPool3D
from tests.d3d_tf.restatement import convolve, windows


def gradients(inputs, kernel, strides, upstream):
    """Of sum(upstream * output), with respect to kernel and inputs."""
    to_kernel = np.zeros_like(kernel)
    marked = np.arange(inputs[..., 0].size).reshape(inputs.shape[:-1])
    places = windows(marked[..., None], kernel.shape[:3], strides, -1)
    to_inputs = np.zeros([inputs[..., 0].size + 1, inputs.shape[-1]])
    for taps, view in windows(inputs, kernel.shape[:3], strides, 0.0):
        to_kernel[taps] = np.einsum("bthwi,bthwo->io", view, upstream)
        _, where = next(places)
        # Padding is marked -1: the last row, which is thrown away.
        np.add.at(to_inputs, where[..., 0], upstream @ kernel[taps].T)
    return to_kernel, to_inputs[:-1].reshape(inputs.shape)


def relative(found, truth) -> float:
    """Distance over length; 0 for two zeros."""
    found = tf.cast(found, tf.float64).numpy()
    length = np.linalg.norm(truth)
    distance = np.linalg.norm(found - truth)
    return distance / length if length else distance


@pytest.mark.parametrize("graph", ["eager", "known", "free"])
@pytest.mark.parametrize(
    "kernel, strides",
    [
        ((3, 1, 1), (1, 1, 1)),
        ((3, 3, 3), (1, 1, 1)),
        ((7, 7, 7), (2, 2, 2)),
        ((7, 3, 3), (2, 2, 2)),
        ((5, 2, 1), (2, 3, 2)),
        ((1, 7, 7), (1, 2, 2)),
    ],
)
def test_kernels_longer_than_the_clip(kernel, strides, graph):
    """Output and gradients, against float64; axes of 1 to 9, free or known.

    Without our cuts and zeros TensorFlow 2.15 gives wrong numbers and
    infinities for some, or crashes.
    """
    rng = np.random.default_rng(1)
    layer = Conv3D(16, kernel, strides, padding="same", use_bias=False)
    layer.build([None, None, None, None, 3])
    weights = rng.normal(size=layer.kernel.shape)
    layer.set_weights([weights])

    def run(clip, upstream):
        with tf.GradientTape() as tape:
            tape.watch(clip)
            outputs = layer(clip)
        to = [layer.kernel, clip]
        return outputs, *tape.gradient(outputs, to, upstream)

    if graph == "free":
        free = [tf.TensorSpec([None] * 4 + [c]) for c in (3, 16)]
        run = tf.function(run, input_signature=free)
    elif graph == "known":
        run = tf.function(run)
    for size in (
        *((1, 1, 1), (2, 1, 3), (1, 4, 2), (3, 2, 1), (4, 3, 4)),
        *((5, 8, 8), (6, 7, 5), (7, 8, 9), (8, 5, 7), (9, 6, 8)),
    ):
        clip = rng.normal(size=[2, *size, 3])
        truth = convolve(clip, weights, strides)
        upstream = rng.normal(size=truth.shape)
        found = run(
            tf.constant(clip, tf.float32), tf.constant(upstream, tf.float32)
        )
        expected = (truth, *gradients(clip, weights, strides, upstream))
        for each, other in zip(found, expected, strict=True):
            assert relative(each, other) < 1e-5, size


def test_names_and_settings_are_those_of_keras():
    ours = Conv3D(4, (3, 1, 1), padding="same", name="temporal")
    theirs = keras.layers.Conv3D(4, (3, 1, 1), padding="same", name="temporal")
    for layer in (ours, theirs):
        layer.build([None, None, None, None, 2])
    assert [(v.name, v.shape) for v in ours.weights] == [
        (v.name, v.shape) for v in theirs.weights
    ]
    assert ours.get_config() == theirs.get_config() | {"border": 0}


@pytest.mark.parametrize("graph", ["eager", "known", "free"])
@pytest.mark.parametrize("sides", [(1, 1), (4, 5), (6, 7)])
def test_a_border_is_zeros_at_all_four_sides(sides, graph):
    """Output and gradients against those of the padded clip in float64."""
    rng = np.random.default_rng(1)
    options = {"strides": (1, 2, 2), "padding": "valid", "border": 1}
    layer = Conv3D(4, (1, 3, 3), **options, use_bias=False)
    layer = Conv3D.from_config(layer.get_config())
    layer.build([None, None, *sides, 3])
    run = {
        "eager": layer,
        "known": tf.function(layer),
        "free": tf.function(
            layer, input_signature=[tf.TensorSpec([None] * 4 + [3])]
        ),
    }[graph]
    clip = rng.normal(size=[2, 3, *sides, 3])
    padded = np.pad(clip, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
    rows, columns = ((side + 1) // 2 for side in sides)
    kernel = layer.kernel.numpy()
    truth = np.zeros([2, 3, rows, columns, 4])
    for i in range(3):
        for j in range(3):
            seen = padded[:, :, i : i + 2 * rows : 2, j : j + 2 * columns : 2]
            truth += seen[:, :, :rows, :columns] @ kernel[0, i, j]
    inputs = tf.constant(clip, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = run(inputs)
    assert relative(outputs, truth) < 1e-6
    # Each pixel's slope is the sum of the taps that see it.
    slopes = np.zeros_like(padded)
    for i in range(3):
        for j in range(3):
            seen = slopes[:, :, i : i + 2 * rows : 2, j : j + 2 * columns : 2]
            seen[:, :, :rows, :columns] += kernel[0, i, j].sum(axis=1)
    inside = slopes[:, :, 1:-1, 1:-1]
    assert relative(tape.gradient(outputs, inputs), inside) < 1e-6


@pytest.mark.parametrize("onednn_on", [True, False])
@pytest.mark.parametrize("graph", ["eager", "known", "free"])
@pytest.mark.parametrize("dilation", [1, 2, 4, 8])
def test_dilated_convolution(dilation, graph, onednn_on, monkeypatch):
    """Output and gradients against float64, from 1 x 1 to 9 x 6 places."""
    if not onednn_on:  # As Keras then does it.
        monkeypatch.setattr(onednn, "is_on", lambda: False)
    rng = np.random.default_rng(1)
    layer = Conv2D(4, 3, padding="same", dilation_rate=dilation, use_bias=False)
    layer.build([None, None, None, 8])
    weights = layer.kernel.numpy().astype(np.float64)

    def run(frames, upstream):
        with tf.GradientTape() as tape:
            tape.watch(frames)
            outputs = layer(frames)
        to = [layer.kernel, frames]
        return outputs, *tape.gradient(outputs, to, upstream)

    if graph == "free":
        free = [tf.TensorSpec([None] * 3 + [c]) for c in (8, 4)]
        run = tf.function(run, input_signature=free)
    elif graph == "known":
        run = tf.function(run)
    for rows, columns in (1, 1), (2, 5), (5, 5), (9, 6):
        frames = rng.normal(size=[2, rows, columns, 8])
        upstream = rng.normal(size=[2, rows, columns, 4])
        padded = np.pad(frames, [[0, 0], *[[dilation, dilation]] * 2, [0, 0]])
        slopes = np.zeros_like(padded)
        output, to_kernel = np.zeros_like(upstream), np.zeros_like(weights)
        for i, j in np.ndindex(3, 3):
            place = (
                slice(None),
                slice(i * dilation, i * dilation + rows),
                slice(j * dilation, j * dilation + columns),
            )
            output += padded[place] @ weights[i, j]
            slopes[place] += upstream @ weights[i, j].T
            to_kernel[i, j] = np.tensordot(
                padded[place], upstream, [[0, 1, 2]] * 2
            )
        inside = slice(dilation, -dilation)
        expected = output, to_kernel, slopes[:, inside, inside]
        found = run(
            tf.constant(frames, tf.float32), tf.constant(upstream, tf.float32)
        )
        for each, other in zip(found, expected, strict=True):
            assert relative(each, other) < 1e-5, (rows, columns)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv3D(2, 3, padding="same", border=1),
        lambda: Conv2D(2, 3),
        lambda: Conv2D(2, 3, 2, padding="same"),
        lambda: Conv2D(2, (3, 2), padding="same"),
    ],
)
def test_what_would_be_computed_wrongly(make):
    with pytest.raises(ValueError, match="padding='"):
        make()


def test_without_padding_nothing_is_cut(seed):
    layer = Conv3D(2, 3, padding="valid")
    clip = tf.random.normal([1, 3, 3, 3, 2])
    outputs = layer(clip)
    expected = np.einsum("bthwi,thwio->bo", clip, layer.kernel)
    np.testing.assert_allclose(outputs[:, 0, 0, 0], expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("kernel", [(3, 1, 1), (1, 3, 3), (3, 7, 7)])
def test_half_precision(dtype, kernel):
    """Values rounded to half precision, one more rounding of the result.

    bfloat16 keeps 8 bits: 2^-9 = 0.2 % of each number; float16 less.
    """
    rng = np.random.default_rng(2)
    clip, weights, upstream = (
        tf.cast(rng.normal(size=shape), dtype)
        for shape in ([2, 4, 9, 9, 8], [*kernel, 8, 16], [2, 4, 9, 9, 16])
    )
    layer = Conv3D(
        16, kernel, padding="same", use_bias=False, dtype=f"mixed_{dtype}"
    )
    layer.build([None, None, None, None, 8])
    layer.set_weights([tf.cast(weights, tf.float32)])
    with tf.GradientTape() as tape:
        tape.watch(clip)
        outputs = layer(clip)
    assert outputs.dtype == dtype
    found = [outputs, *tape.gradient(outputs, [layer.kernel, clip], upstream)]
    assert found[1].dtype == tf.float32
    x, w, g = (
        tf.cast(each, tf.float64).numpy() for each in (clip, weights, upstream)
    )
    expected = (convolve(x, w), *gradients(x, w, (1, 1, 1), g))
    for each, other in zip(found, expected, strict=True):
        assert relative(each, other) < 3e-3


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16, tf.float32])
def test_a_maximum_at_several_places_has_one_gradient(dtype):
    """Four places of the same value, two windows of two: 1 for each window."""
    if not onednn.is_on():
        pytest.skip("needs oneDNN")
    clip = tf.ones([1, 4, 1, 1, 1], dtype)
    layer = MaxPool3D((2, 1, 1), (2, 1, 1), "same", dtype=dtype)

    @tf.function
    def gradient(clip):
        with tf.GradientTape() as tape:
            tape.watch(clip)
            outputs = layer(clip)
        return tape.gradient(outputs, clip)

    found = tf.reshape(gradient(clip), [2, 2])
    assert tf.reduce_sum(found, axis=1).numpy().tolist() == [1, 1]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_pooling_is_exact_in_every_type(dtype):
    """1, 3, 2, 5 by twos, with gradient 1 to the larger of each pair."""
    clip = tf.reshape(tf.constant([1, 3, 2, 5], dtype), [1, 4, 1, 1, 1])
    layer = MaxPool3D((2, 1, 1), (2, 1, 1), "same", dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(clip)
        outputs = layer(clip)
    assert outputs.dtype == dtype
    assert outputs.numpy().ravel().tolist() == [3, 5]
    gradient = tape.gradient(outputs, clip)
    assert gradient.numpy().ravel().tolist() == [0, 1, 0, 1]
