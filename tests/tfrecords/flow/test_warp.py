"""Warping against OpenCV's `remap` and `filter2D`."""

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.layout import GX, GY, INVERSE, RHO, U, V
from d3d_tf.tfrecords.flow.warp import (
    BORDER,
    CHANNELS,
    bicubic_taps,
    interleave,
    warp_kernel,
)
from tests.tfrecords.flow.scenes import Waves, blank_state, pixels

PITCH = 544


def gradients(image):
    """Half the difference of the neighbours; the border is repeated."""
    kernel = np.float32([[-0.5, 0, 0.5]])
    return [
        cv2.filter2D(image, cv2.CV_32F, k, borderType=cv2.BORDER_REPLICATE)
        for k in (kernel, kernel.T)
    ]


def laid_out(image):
    height, width = image.shape
    target = np.zeros((height + 2 * BORDER) * PITCH * CHANNELS, np.float32)
    interleave(image, height, width, PITCH, target)
    return target


def test_an_image_and_its_differences():
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (17, 21)).astype(np.float32)
    whole = laid_out(image).reshape(-1, PITCH, CHANNELS)
    inside = whole[BORDER:-BORDER, BORDER : BORDER + 21]
    np.testing.assert_array_equal(inside[..., 0], image)
    for channel, expected in enumerate(gradients(image), start=1):
        np.testing.assert_allclose(inside[..., channel], expected, atol=1e-4)
    inside[...] = 0
    assert (whole == 0).all()


def test_bicubic_weights():
    """Keys' kernel for A = -0.75: w(0) = 1, w(1) = w(2) = 0.

    w(1/2) = 1.25/8 - 2.25/4 + 1 = 19/32, w(3/2) = -0.75/8 = -3/32.
    """
    taps = bicubic_taps()
    assert taps.shape == (32, 4)
    np.testing.assert_array_equal(taps[0], [0, 1, 0, 0])
    np.testing.assert_allclose(taps[16], np.array([-3, 19, 19, -3]) / 32)
    np.testing.assert_allclose(taps.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(taps[1:], taps[:0:-1, ::-1], atol=1e-6)


class Warp:
    """One pair of images, warped as often as one likes."""

    def __init__(self, height, width):
        x, y = pixels(height, width)
        self.first = Waves(1)(x, y).astype(np.float32)
        self.second = Waves(2)(x, y).astype(np.float32)
        self.image = laid_out(self.second)
        self.state, self.rows = blank_state(height, width)

    def __call__(self, flow):
        """Returns the sampled value and gradient."""
        height, width = self.first.shape
        self.rows[:, U], self.rows[:, V] = np.moveaxis(flow, -1, 0)
        taps = bicubic_taps()
        warp_kernel(PITCH)(
            self.image,
            self.first,
            self.state,
            taps.ravel(),
            np.repeat(taps, CHANNELS, axis=1).ravel(),
            np.zeros(2 * PITCH, np.int32),
            height,
            width,
        )
        gx, gy = (self.rows[:, plane].copy() for plane in (GX, GY))
        slope = gx * flow[..., 0] + gy * flow[..., 1]
        return self.rows[:, RHO] + slope + self.first, gx, gy

    def remapped(self, flow):
        """The same by OpenCV: zero outside."""
        x, y = pixels(*self.first.shape)
        places = [np.float32(x + flow[..., 0]), np.float32(y + flow[..., 1])]
        return [
            cv2.remap(image, *places, cv2.INTER_CUBIC, borderValue=0)
            for image in (self.second, *gradients(self.second))
        ]


def random_flow(height, width, size, seed=0):
    """To whole steps of 1/32 px."""
    rng = np.random.default_rng(seed)
    flow = np.rint(32 * rng.normal(0, size, (height, width, 2)))
    return np.float32(flow / 32)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (20, 31)])
@pytest.mark.parametrize("length", [0.3, 3, 30, 1e6])
def test_samples_are_those_of_remap(size, length):
    """From a fraction of a pixel to places far outside."""
    warp, flow = Warp(*size), random_flow(*size, length)
    for found, expected in zip(warp(flow), warp.remapped(flow), strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-3)


def test_places_between_are_rounded():
    """As OpenCV 4 does it; OpenCV 5 no longer does."""
    rng = np.random.default_rng(0)
    flow = random_flow(17, 33, 3)
    near = flow + rng.uniform(-0.49, 0.49, flow.shape) / 32
    rounded = Warp(17, 33)(flow)
    for found, expected in zip(Warp(17, 33)(near), rounded, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_all_32_fractions_and_all_places_at_the_border():
    """Whole rows and columns around the image, in steps of 1/32 px."""
    warp = Warp(16, 16)
    x, y = pixels(16, 16)
    for step in range(-32 * 4, 32 * 20, 11):
        flow = np.stack([step / 32 - x, 7.25 - y], axis=-1).astype(np.float32)
        for moved in (flow, np.swapaxes(flow, 0, 1)[..., ::-1]):
            for found, expected in zip(
                warp(moved), warp.remapped(moved), strict=True
            ):
                np.testing.assert_allclose(found, expected, atol=2e-3)


def test_nothing_is_left_of_the_last_call():
    """Three calls after each other are three calls alone."""
    warp = Warp(18, 27)
    flow = random_flow(18, 27, 2)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        moved = rng.random((18, 27)) < 0.3
        flow[moved] += rng.normal(0, 2, (moved.sum(), 2))
        alone = Warp(18, 27)
        for found, expected in zip(warp(flow), alone(flow), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_residual_is_linearised_at_the_flow():
    """rho = I1w - I0 - grad . u, and 1 / |grad|^2 where there is one."""
    warp, flow = Warp(17, 23), random_flow(17, 23, 2)
    value, gx, gy = warp(flow)
    expected = value - warp.first - gx * flow[..., 0] - gy * flow[..., 1]
    np.testing.assert_allclose(warp.rows[:, RHO], expected, atol=1e-2)
    square = gx.astype(float) ** 2 + gy**2
    inverse = warp.rows[:, INVERSE]
    some = square > 1e-6
    np.testing.assert_allclose(inverse[some], 1 / square[some], rtol=1e-4)


def test_where_the_image_is_flat_nothing_is_divided():
    warp = Warp(16, 18)
    warp.image = laid_out(np.full((16, 18), 99, np.float32))
    value, _, _ = warp(np.zeros((16, 18, 2)))
    assert (warp.rows[:, INVERSE] == 0).all()
    assert (value == 99).all()
