"""What a layer does in a pass, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.passes import draw_in_step, in_pass, share_of_update


@pytest.mark.parametrize("passes", [1, 2, 7])
@pytest.mark.parametrize("share", [0.001, 0.1, 1.0])
def test_an_average_follows_the_mean_of_the_passes(passes, share):
    values = np.random.default_rng(0).normal(size=passes)
    average = 3.0
    for index, value in enumerate(values):
        with in_pass(tf.constant(index), passes):
            average += (value - average) * float(share_of_update(share))
    expected = 3 + (values.mean() - 3) * share
    assert average == pytest.approx(expected, rel=1e-6)
    assert float(share_of_update(share)) == pytest.approx(share)


def test_batch_norm_does():
    clips = np.random.default_rng(1).normal(2, 3, [6, 2, 3, 3, 4])
    clips = (
        clips.astype(np.float32) * np.arange(1, 7)[:, None, None, None, None]
    )
    norm = BatchNorm(momentum=0.7)
    norm.build(clips.shape)
    for index in range(3):
        with in_pass(index, 3):
            norm(clips[2 * index : 2 * index + 2], training=True)
    parts = clips.reshape(3, -1, 4)
    np.testing.assert_allclose(
        norm.moving_mean, 0.3 * parts.mean(1).mean(0), rtol=1e-5
    )
    np.testing.assert_allclose(
        norm.moving_variance, 0.7 + 0.3 * parts.var(1).mean(0), rtol=1e-5
    )


def test_draws_of_a_step_are_numbered():
    """Two replicas of three passes, two steps: all of 0 to 11, once."""
    found = []
    for step_and_replica in range(4):
        for index in range(3):
            with in_pass(tf.constant(index), 3):
                found.append(int(draw_in_step(tf.constant(step_and_replica))))
    assert found == [*range(12)]
    assert int(draw_in_step(tf.constant(5))) == 5
