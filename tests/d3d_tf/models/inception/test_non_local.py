"""The non-local block against a hand-worked example and its formula."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.inception.blocks import UnitOptions
from d3d_tf.models.inception.non_local import NonLocalBlock


def built(channels, **options):
    block = NonLocalBlock(UnitOptions(**options), name="block")
    block.build([None, None, None, None, channels])
    block(tf.zeros([1, 1, 1, 1, channels]))
    return block


def test_starts_as_the_identity(seed):
    clip = tf.random.normal([2, 3, 4, 5, 6])
    np.testing.assert_array_equal(built(6)(clip), clip)


def test_by_hand():
    """Two channels, one inside; two frames of one pixel, (0, 1) and (a, 3).

    theta = x0, phi = x0 with a^2 = ln 3 so that scores are (0, 0) and
    (0, ln 3): frame 0 averages evenly, frame 1 by 1/4 and 3/4. g = x1 + 1:
    2 and 4, so y = 3 and 3.5. z = (y, 10 y) + (0, -30): added to x.
    """
    block = built(2)
    a = np.sqrt(np.log(3))
    for layer, kernel, bias in (
        (block.theta, [1, 0], [0]),
        (block.phi, [1, 0], [0]),
        (block.g, [0, 1], [1]),
        (block.z, [1, 10], [0, -30]),
    ):
        kernel = np.float32(kernel).reshape(layer.kernel.shape)
        layer.set_weights([kernel, np.float32(bias)])
    clip = np.float32([[0, 1], [a, 3]]).reshape(1, 2, 1, 1, 2)
    np.testing.assert_allclose(
        block(clip).numpy().reshape(2, 2), [[3, 1], [a + 3.5, 8]], rtol=1e-6
    )


def test_scores_are_divided_by_the_root_of_the_inner_channels():
    """8 channels, 4 inside; all scores are 4 * x_i x_j / 2.

    Frames 0 and 1: frame 1 has scores (0, 2), weights 1 : e^2.
    """
    block = built(8)
    for layer in (block.theta, block.phi, block.g):
        kernel = np.zeros(layer.kernel.shape, np.float32)
        kernel[0, 0, 0, 0] = 1
        layer.set_weights([kernel, np.zeros(4, np.float32)])
    kernel = np.zeros(block.z.kernel.shape, np.float32)
    kernel[0, 0, 0, 0, 1] = 1
    block.z.set_weights([kernel, np.zeros(8, np.float32)])
    clip = np.zeros([1, 2, 1, 1, 8], np.float32)
    clip[0, 1, ..., 0] = 1
    outputs = block(clip).numpy().reshape(2, 8)
    assert outputs[1, 1] == pytest.approx(np.exp(2) / (1 + np.exp(2)), rel=1e-6)
    assert outputs[0, 1] == pytest.approx(0.5, rel=1e-6)


def test_variables_and_penalty(seed):
    """Four convolutions with biases; 1e-7 * sum(w^2) / 2 on three kernels."""
    block = built(6, weight_decay=0.5)
    assert {v.name: tuple(v.shape) for v in block.weights} == {
        f"block/{part}/{kind}:0": shape
        for part, ends in (
            ("theta", (6, 3)),
            ("phi", (6, 3)),
            ("g", (6, 3)),
            ("z", (3, 6)),
        )
        for kind, shape in (("kernel", (1, 1, 1, *ends)), ("bias", ends[1:]))
    }
    kernels = [v.numpy() for v in block.weights if "kernel" in v.name]
    squares = sum((kernel**2).sum() for kernel in kernels)
    assert float(sum(block.losses)) == pytest.approx(0.25 * squares, rel=1e-5)
    assert not kernels[-1].any() and all(each.any() for each in kernels[:-1])


def test_any_size_in_one_graph(seed):
    block = built(4)
    block.z.kernel.assign(tf.ones_like(block.z.kernel))
    free = tf.function(
        block.call, input_signature=[tf.TensorSpec([None] * 4 + [4])]
    )
    for size in ((1, 1, 1), (2, 3, 5)):
        clip = tf.random.normal([2, *size, 4])
        np.testing.assert_allclose(free(clip), block(clip), atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(dtype, precision, seed):
    precision(f"mixed_{dtype}")
    block = built(4)
    clip = tf.cast(tf.random.normal([1, 2, 2, 2, 4]), dtype)
    assert block(clip).dtype == dtype
    assert {v.dtype for v in block.weights} == {tf.float32}
