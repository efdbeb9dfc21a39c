"""The head's overlapping windows, dropout and logits."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.heads.classification import ClassificationHead


def head_with(kernel, bias, **kwargs):
    kernel = np.float32(kernel)
    head = ClassificationHead(kernel.shape[-1], **kwargs)
    head(tf.zeros([1, 1, 1, 1, len(kernel)]))
    head.logits.set_weights([kernel[None, None, None], np.float32(bias)])
    return head


def test_first_and_last_frame_weigh_half():
    """Frames a, b, c of one pixel: windows (a + b)/2 and (b + c)/2.

    Their mean is a/4 + b/2 + c/4: of 4, 8, 16 it is 9; logits 2 * 9 + 1 and
    -9. A plain mean would say 28/3.
    """
    head = head_with([[2, -1]], [1, 0])
    features = np.float32([4, 8, 16]).reshape(1, 3, 1, 1, 1)
    np.testing.assert_allclose(head(features), [[19, -9]], rtol=1e-6)
    np.testing.assert_allclose(head.pooled(features), [[9]], rtol=1e-6)


@pytest.mark.parametrize(
    "size", [(8, 7, 7), (2, 7, 7), (1, 2, 2), (3, 1, 9), (4, 9, 8)]
)
def test_windows_are_those_of_average_pooling(size, seed):
    """tf.nn.avg_pool3d: VALID, stride 1, window 2 x 7 x 7 cut to the map."""
    features = tf.random.normal([2, *size, 5])
    window = [min(n, m) for n, m in zip(size, (2, 7, 7), strict=True)]
    pooled = tf.nn.avg_pool3d(features, window, 1, "VALID").numpy()
    kernel = np.random.normal(size=[5, 3])
    bias = np.random.normal(size=3)
    expected = (pooled @ kernel + bias).mean((1, 2, 3))
    head = head_with(kernel, bias)
    np.testing.assert_allclose(head(features), expected, atol=1e-5)
    np.testing.assert_allclose(
        head.pooled(features), pooled.mean((1, 2, 3)), atol=1e-5
    )


def test_global_pooling_weighs_all_frames_the_same():
    """Frames 4, 8, 16: mean 28/3 in a class of weight 3, 28 + 1."""
    head = head_with([[3]], [1], pooling="global")
    features = np.float32([4, 8, 16]).reshape(1, 3, 1, 1, 1)
    np.testing.assert_allclose(head(features), [[29]], rtol=1e-6)
    np.testing.assert_allclose(head.pooled(features), [[28 / 3]], rtol=1e-6)


def test_unknown_pooling():
    with pytest.raises(ValueError, match="overlapping, global; got 'max'"):
        ClassificationHead(3, pooling="max")


def test_sizes_need_not_be_known(seed):
    head = head_with(np.eye(4), np.zeros(4))
    spec = tf.TensorSpec([None, None, None, None, 4])
    free = tf.function(head.call, input_signature=[spec])
    for size in ((8, 7, 7), (1, 3, 11)):
        features = tf.random.normal([2, *size, 4])
        np.testing.assert_allclose(free(features), head(features), atol=1e-6)


def test_dropout_is_drawn_for_every_window(seed):
    """5 frames of ones: 4 windows x 1000 channels, each 0 or 1 / 0.75.

    One class per channel, so a logit is the mean of its four windows: j of 4
    kept is j / 3 with binomial(4, 3/4) frequencies. One draw per clip would
    give only 0 and 4/3.
    """
    head = head_with(np.eye(1000), np.zeros(1000), dropout=0.25)
    ones = tf.ones([1, 5, 1, 1, 1000])
    np.testing.assert_allclose(head(ones, training=False), 1, rtol=1e-6)
    logits = head(ones, training=True).numpy()[0]
    shares = [np.isclose(logits, j / 3, atol=1e-4).mean() for j in range(5)]
    assert sum(shares) == pytest.approx(1)
    # Standard error of a share is at most 0.016.
    np.testing.assert_allclose(
        shares, [1 / 256, 12 / 256, 54 / 256, 108 / 256, 81 / 256], atol=0.065
    )


def test_logits_are_float32_in_mixed_precision(precision, seed):
    precision("mixed_float16")
    head = ClassificationHead(3)
    features = tf.random.normal([2, 3, 2, 2, 4])
    assert head(tf.cast(features, tf.float16)).dtype == tf.float32
    assert head.pooled(tf.cast(features, tf.float16)).dtype == tf.float32
    assert {v.dtype for v in head.weights} == {tf.float32}


def test_weight_decay_is_half_the_sum_of_squares():
    """(1 + 4 + 9 + 16) / 2 * 0.1; the bias is free."""
    head = head_with([[1, 2], [3, 4]], [7, 7], weight_decay=0.1)
    np.testing.assert_allclose(head.losses, [1.5], rtol=1e-6)
