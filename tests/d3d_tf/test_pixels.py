"""(value - mean) / std, by hand, and the same to the bit where it was."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.pixels import Pixels

LEVELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1)


def test_the_default_is_minus_one_to_one():
    pixels = Pixels()
    frames = pixels.from_bytes(tf.constant(LEVELS)).numpy()
    np.testing.assert_allclose(frames, LEVELS / 127.5 - 1, atol=1e-7)
    assert frames.min() == -1 and frames.max() == 1
    floats = pixels.from_bytes(tf.constant(LEVELS, tf.float32)).numpy()
    np.testing.assert_array_equal(
        floats, np.float32(LEVELS) / np.float32(127.5) - np.float32(1)
    )
    unit = np.float32([[0.0, 0.25, 1.0]])
    np.testing.assert_array_equal(pixels.from_unit(unit), [[-1, -0.5, 1]])


# X3D's, and those of ImageNet's networks.
@pytest.mark.parametrize(
    "mean, std",
    [
        ((0.45,) * 3, (0.225,) * 3),
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ],
)
def test_any_other(mean, std):
    pixels = Pixels(mean, std)
    expected = (LEVELS / 255 - mean) / std
    for given in (LEVELS, np.float32(LEVELS)):
        frames = pixels.from_bytes(tf.constant(given)).numpy()
        assert frames.dtype == np.float32
        np.testing.assert_allclose(frames, expected, atol=2e-6)
    unit = tf.constant(np.float32(LEVELS / 255))
    np.testing.assert_allclose(pixels.from_unit(unit), expected, atol=2e-6)
    # Black of the middle colour: (0 - mean) / std.
    black = pixels.from_unit(tf.zeros([1, 3]))[0].numpy()
    assert black[1] == pytest.approx(-mean[1] / std[1], rel=1e-6)


@pytest.mark.parametrize(
    "pixels", [Pixels(), Pixels((0.45,) * 3, (0.225, 0.3, 0.2))]
)
def test_back_to_bytes(pixels):
    frames = pixels.from_bytes(tf.constant(LEVELS))
    np.testing.assert_array_equal(pixels.to_bytes(frames), LEVELS)
    assert pixels.to_bytes(np.full([1, 3], 9.0)).tolist() == [[255] * 3]


def test_back_to_what_it_was():
    """By hand: 2 * 0.2 + 0.4 = 0.8; -1 is 0 of the default."""
    pixels = Pixels((0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    unit = pixels.to_unit(tf.constant([[2.0, -1.0, 0.5]]))
    np.testing.assert_allclose(unit, [[0.8, 0.2, 0.8]], atol=1e-7)
    unit = Pixels().to_unit(tf.constant([[-1.0, 0.0, 1.0]]))
    np.testing.assert_array_equal(unit, [[0, 0.5, 1]])
