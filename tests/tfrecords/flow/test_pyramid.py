"""Sizes by hand, resampling against OpenCV's `resize`."""

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.pyramid import linear_taps, pyramid_sizes, resize


@pytest.mark.parametrize(
    ("size", "scales", "step", "expected"),
    [
        # 102.4 and 80; 81.6 and 64; 65.6 and 51.2; 52.8 and 40.8.
        (
            (100, 128),
            5,
            0.8,
            [(100, 128), (80, 102), (64, 82), (51, 66), (41, 53)],
        ),
        # 12.8 is under 16.
        ((16, 1000), 5, 0.8, [(16, 1000)]),
        # 20 and 16; 12.8 is under 16.
        ((20, 25), 5, 0.8, [(20, 25), (16, 20)]),
        ((100, 128), 1, 0.8, [(100, 128)]),
        # 62.5 becomes the even 62, 15.5 the even 16.
        ((125, 125), 9, 0.5, [(125, 125), (62, 62), (31, 31), (16, 16)]),
    ],
)
def test_sizes(size, scales, step, expected):
    assert pyramid_sizes(*size, scales, step) == expected


def test_linear_interpolation_by_hand():
    """4 pixels to 2: centres 0.5 and 2.5. 2 to 4: -0.25, 0.25, 0.75, 1.25."""
    left, weights = linear_taps(4, 2, 2.0)
    assert (left.tolist(), weights.tolist()) == ([0, 2], [0.5, 0.5])
    left, weights = linear_taps(2, 4, 0.5)
    assert left.tolist() == [0, 0, 0, 0]
    assert weights.tolist() == [0, 0.25, 0.75, 1]


def resized(image, size, ratios, factor=1.0, margin=(3, 5)):
    """By `resize`, from and to planes with other rows between."""
    (height, width), (new_height, new_width) = image.shape, size
    before, after = margin
    source = np.full((height, before + width + after), np.nan, np.float32)
    source[:, before : before + width] = image
    target = np.full((new_height, new_width + 7), np.nan, np.float32)
    resize(
        source.ravel(),
        np.uint64(before),
        np.uint64(source.shape[1]),
        target.ravel(),
        np.uint64(2),
        np.uint64(target.shape[1]),
        *linear_taps(height, new_height, ratios[0]),
        *linear_taps(width, new_width, ratios[1]),
        np.float32(factor),
        np.uint64(width),
        np.zeros(width + 1, np.float32),
    )
    result = target[:, 2 : 2 + new_width].copy()
    target[:, 2 : 2 + new_width] = np.nan
    assert np.isnan(target).all()
    return result


def image(height, width):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (height, width)).astype(np.float32)


@pytest.mark.parametrize("size", [(20, 20), (33, 47), (21, 64)])
@pytest.mark.parametrize("step", [0.8, 0.5, 0.7])
def test_smaller_by_a_step(size, step):
    """The step itself is the ratio, though sizes are rounded."""
    given = image(*size)
    expected = cv2.resize(
        given, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR
    )
    found = resized(given, expected.shape, (1 / step, 1 / step))
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize(
    ("size", "new"), [((16, 16), (20, 20)), ((17, 33), (21, 41))]
)
def test_larger_to_a_size(size, new):
    """All values times 1.25: flow is longer in a larger picture."""
    given = image(*size)
    expected = 1.25 * cv2.resize(given, new[::-1])
    ratios = (size[0] / new[0], size[1] / new[1])
    found = resized(given, new, ratios, factor=1.25)
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_a_constant_stays():
    found = resized(np.full((21, 30), 7.5, np.float32), (17, 24), (1.25, 1.25))
    assert (found == 7.5).all()
