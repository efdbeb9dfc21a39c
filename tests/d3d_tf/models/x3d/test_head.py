"""Windows, and the mean of their soft-maxes."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.head import X3DHead, joined, sliding_means
from tests.harness import softmax


def head(**changes):
    layer = X3DHead(3, X3DRecipe(head_channels=8, **changes))
    layer(tf.zeros([1, 1, 1, 1, 4]))
    return layer


def test_two_places_by_hand():
    """Chances 0.8 and 0.2, 0.2 and 0.8, whatever is added to the logits."""
    logits = np.log([[0.8, 0.2], [0.2, 0.8]]) + [[3.0], [-2.0]]
    found = joined(tf.constant(logits.reshape(1, 1, 2, 1, 2), tf.float32))
    np.testing.assert_allclose(softmax(found), [[0.5, 0.5]], atol=1e-6)
    # Levels are the means of both, 0.5, as log sum exp has them.
    np.testing.assert_allclose(found, [[0.5 + np.log(0.5)] * 2], atol=1e-6)


def test_one_place_is_left_alone_to_the_bit():
    logits = tf.random.stateless_normal([5, 1, 1, 1, 400], [0, 1], stddev=9)
    np.testing.assert_array_equal(joined(logits), logits[:, 0, 0, 0])


def test_places_that_are_far_apart():
    """Logits of +- 1000 neither overflow nor lose the other place."""
    logits = tf.constant([[1000.0, 0.0], [0.0, 1000.0]])
    found = joined(tf.reshape(logits, [1, 2, 1, 1, 2]))
    np.testing.assert_allclose(tf.nn.softmax(found), [[0.5, 0.5]], atol=1e-4)


def test_soft_max_at_each_place_then_the_mean(seed):
    """13 x 5 x 5 windows on 14 x 6 x 7 features; SlowFast's test."""
    layer = head()
    features = tf.random.normal([2, 14, 6, 7, 4])
    chances = []
    for t, y, x in np.ndindex(2, 2, 3):
        part = features[:, t : t + 13, y : y + 5, x : x + 5]
        mean = tf.reduce_mean(part, [1, 2, 3], keepdims=True)
        logits = layer.projection(tf.nn.relu(layer.lin_5(mean)))
        chances.append(softmax(logits[:, 0, 0, 0]))
    for call in layer, tf.function(layer, reduce_retracing=True):
        np.testing.assert_allclose(
            softmax(call(features)), np.mean(chances, axis=0), rtol=1e-5
        )
    assert layer.hidden(features).shape == (2, 2, 2, 3, 8)


@pytest.mark.parametrize(
    "axes, window, places",
    [
        ((4, 5, 5), (4, 5, 5), (1, 1, 1)),
        ((2, 3, 4), (4, 5, 5), (1, 1, 1)),
        ((6, 5, 7), (4, 5, 5), (3, 1, 3)),
        ((1, 8, 1), (4, 5, 5), (1, 4, 1)),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_windows(axes, window, places, known):
    features = np.random.default_rng(0).normal(size=[2, *axes, 3])
    features = tf.constant(features, tf.float32)
    shape = features.shape if known else [None, None, None, None, 3]
    call = tf.function(
        lambda x: sliding_means(x, window),
        input_signature=[tf.TensorSpec(shape)],
    )
    found = call(features)
    assert found.shape == (2, *places, 3)
    t, y, x = window
    for place in np.ndindex(*places):
        i, j, k = place
        part = features[:, i : i + t, j : j + y, k : k + x]
        np.testing.assert_allclose(
            found[(slice(None), *place)],
            tf.reduce_mean(part, [1, 2, 3]),
            atol=1e-6,
        )


def test_the_window_is_that_of_the_training_clips():
    """ceil(312 / 32) = 10 places, 16 frames; ceil(33 / 32) = 2."""
    assert head(model="x3d_l")._window == (16, 10, 10)
    assert head(head_frames=2, head_size=33)._window == (2, 2, 2)


def test_start(seed):
    layer = X3DHead(400, X3DRecipe())
    layer(tf.zeros([1, 1, 1, 1, 432]))
    assert layer.lin_5.kernel.numpy().std() == pytest.approx(
        (2 / 2048) ** 0.5, rel=0.01
    )
    kernel, bias = layer.projection.weights
    assert kernel.numpy().std() == pytest.approx(0.01, rel=0.01)
    assert not bias.numpy().any()


def test_pooled_is_the_mean_of_the_windows(seed):
    layer = head()
    features = tf.random.normal([2, 14, 6, 7, 4])
    windows = sliding_means(features, (13, 5, 5))
    np.testing.assert_allclose(
        layer.pooled(features), tf.reduce_mean(windows, [1, 2, 3]), atol=1e-6
    )
