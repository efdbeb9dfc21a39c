"""Normalisation by sums, against the formula in float64."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.layers.normalised import is_faster_here, normalised


@pytest.mark.parametrize("known", [True, False])
def test_values_moments_and_gradients(known):
    """y = g x^ + b; dx = g (u - mean(u) - x^ mean(u x^)) / s, dg = sum(u x^).

    Far from zero, where squares cancel; moments have no gradient.
    """
    rng = np.random.default_rng(0)
    x, u = rng.normal(30, 2, [3, 4, 5, 6]), rng.normal(size=[3, 4, 5, 6])
    scale, shift = rng.uniform(0.5, 2, 6), rng.normal(size=6)
    axes, s = (0, 1, 2), np.sqrt(x.var((0, 1, 2)) + 1e-3)
    normal = (x - x.mean(axes)) / s
    to_x = u - u.mean(axes) - normal * (u * normal).mean(axes)

    def run(x, scale, shift, u):
        with tf.GradientTape() as tape:
            tape.watch([x, scale, shift])
            outputs, mean, variance = normalised(x, scale, shift, 1e-3)
            loss = tf.reduce_sum(outputs * u + mean + variance)
        return outputs, mean, variance, *tape.gradient(loss, [x, scale, shift])

    if not known:
        free = tf.TensorSpec([None, None, None, 6])
        row = tf.TensorSpec([6])
        run = tf.function(run, input_signature=[free, row, row, free])
    given = (tf.constant(value, tf.float32) for value in (x, scale, shift, u))
    expected = (
        *(scale * normal + shift, x.mean(axes), x.var(axes)),
        *(scale * to_x / s, (u * normal).sum(axes), u.sum(axes)),
    )
    for found, wanted in zip(run(*given), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_no_clip_at_all():
    """As in a short last batch: nothing is NaN, gradients are 0."""
    x, row = tf.zeros([0, 2, 3]), tf.ones([3])
    with tf.GradientTape() as tape:
        tape.watch([x, row])
        outputs, mean, _ = normalised(x, row, row, 1e-3)
    to_x, to_row = tape.gradient(outputs, [x, row])
    assert outputs.shape == to_x.shape == (0, 2, 3)
    assert mean.numpy().tolist() == to_row.numpy().tolist() == [0, 0, 0]


def test_which_channels():
    assert is_faster_here(tf.zeros([1, 54]))
    assert not is_faster_here(tf.zeros([1, 24]))
    assert not is_faster_here(tf.zeros([1, 54], tf.bfloat16))
