"""Warping against OpenCV's `remap` and `filter2D`."""

import cv2
import numpy as np
import pytest

from d3d_tf.tfrecords.flow.layout import (
    LIMIT,
    MARGIN,
    NX,
    NY,
    RHO,
    STARTS,
    U,
    V,
)
from d3d_tf.tfrecords.flow.warp import (
    BORDER,
    CHANNELS,
    FRACTIONS,
    bicubic_taps,
    interleave,
    warp_kernel,
)
from tests.tfrecords.flow.scenes import Waves, blank_state, pixels

PITCH = 544
STEP, PULL = 5 / 6, 0.045  # tau / theta and lambda * theta.


def gradients(image):
    """Half the difference of the neighbours; the border is repeated."""
    kernel = np.float32([[-0.5, 0, 0.5]])
    return [
        cv2.filter2D(image, cv2.CV_32F, k, borderType=cv2.BORDER_REPLICATE)
        for k in (kernel, kernel.T)
    ]


def padded(image):
    """Zeros on the right, to a whole number of vectors."""
    return np.pad(image, [(0, 0), (0, -image.shape[1] % 16)])


def laid_out(image):
    height, width = image.shape
    target = np.zeros((height + 2 * BORDER) * PITCH * CHANNELS, np.float32)
    image = padded(image)
    interleave(
        image.ravel(),
        height,
        np.uint64(width),
        np.uint64(image.shape[1]),
        np.uint64(PITCH),
        target,
    )
    return target


@pytest.mark.parametrize("size", [(17, 21), (3, 16), (2, 2), (1, 1)])
def test_an_image_and_its_differences(size):
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, size).astype(np.float32)
    whole = laid_out(image).reshape(-1, PITCH, CHANNELS)
    inside = whole[BORDER:-BORDER, BORDER : BORDER + size[1]]
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

    def __call__(self, flow, start=0):
        """Samples along a flow; see the methods that follow."""
        height, width = self.first.shape
        self.flow = flow
        for plane, values in zip((U, V), np.moveaxis(flow, -1, 0), strict=True):
            self.rows[:, start + plane] = STEP * values
        taps = bicubic_taps()
        first = padded(self.first)
        warp_kernel(PITCH)(
            self.image,
            first,
            self.state,
            start,
            taps.ravel(),
            np.repeat(taps, CHANNELS, axis=1).ravel(),
            np.arange(PITCH, dtype=np.float32) * FRACTIONS,
            np.zeros(2 * PITCH, np.int32),
            np.zeros(2 * PITCH, np.float32),
            np.full(3 * PITCH, 9, np.float32),
            height,
            np.uint64(width),
            np.uint64(first.shape[1]),
            np.float32(STEP),
            np.float32(PULL),
        )
        return self

    def length(self):
        """Of the sampled gradient."""
        return self.rows[:, LIMIT] / np.float32(STEP * PULL)

    def gradient(self):
        return [self.rows[:, plane] * self.length() for plane in (NX, NY)]

    def residual(self):
        """rho: what is left of I1w - I0 when the flow is zero."""
        return self.rows[:, RHO] * self.length() / np.float32(STEP)

    def sampled(self):
        """Value and gradient. The value is unknown where the gradient is 0."""
        gx, gy = self.gradient()
        slope = gx * self.flow[..., 0] + gy * self.flow[..., 1]
        return self.residual() + slope + self.first, gx, gy

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


def assert_same(found, expected, atol):
    """Of values where there is a gradient, and of gradients everywhere."""
    some = np.hypot(*expected[1:]) > 1e-3
    np.testing.assert_allclose(found[0][some], expected[0][some], atol=atol)
    for k in (1, 2):
        np.testing.assert_allclose(found[k], expected[k], atol=atol)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (20, 31)])
@pytest.mark.parametrize("length", [0.3, 3, 30, 1e6])
@pytest.mark.parametrize("start", STARTS)
def test_samples_are_those_of_remap(size, length, start):
    """From a fraction of a pixel to places far outside."""
    warp, flow = Warp(*size), random_flow(*size, length)
    found = warp(flow, start).sampled()
    assert_same(found, warp.remapped(flow), atol=5e-3)


def test_places_between_are_rounded():
    """As OpenCV 4 does it; OpenCV 5 no longer does."""
    rng = np.random.default_rng(0)
    flow = random_flow(17, 33, 3)
    near = flow + rng.uniform(-0.49, 0.49, flow.shape) / 32
    assert_same(
        Warp(17, 33)(near).sampled(), Warp(17, 33)(flow).sampled(), atol=5e-3
    )


def test_all_32_fractions_and_all_places_at_the_border():
    """Whole rows and columns around the image, in steps of 1/32 px."""
    warp = Warp(16, 16)
    x, y = pixels(16, 16)
    for step in range(-32 * 4, 32 * 20, 11):
        flow = np.stack([step / 32 - x, 7.25 - y], axis=-1).astype(np.float32)
        for moved in (flow, np.swapaxes(flow, 0, 1)[..., ::-1]):
            found = warp(moved).sampled()
            assert_same(found, warp.remapped(moved), atol=5e-3)


def test_nothing_is_left_of_the_last_call():
    """Three calls after each other are three calls alone."""
    warp = Warp(18, 27)
    flow = random_flow(18, 27, 2)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        moved = rng.random((18, 27)) < 0.3
        flow[moved] += rng.normal(0, 2, (moved.sum(), 2))
        alone = Warp(18, 27)(flow)
        np.testing.assert_array_equal(warp(flow).rows, alone.rows)


def test_the_residual_is_linearised_at_the_flow():
    """rho = I1w - I0 - grad . u, over the gradient's length."""
    warp, flow = Warp(17, 23), random_flow(17, 23, 2)
    value, gx, gy = warp.remapped(flow)
    length = np.hypot(gx, gy)
    some = length > 1e-3
    expected = value - warp.first - gx * flow[..., 0] - gy * flow[..., 1]
    rows = warp(flow).rows
    for plane, right in {
        RHO: STEP * expected / np.where(some, length, 1),
        NX: gx / np.where(some, length, 1),
        NY: gy / np.where(some, length, 1),
        LIMIT: STEP * PULL * length,
    }.items():
        np.testing.assert_allclose(
            rows[:, plane][some], right[some], rtol=1e-4, atol=2e-3
        )


def test_where_the_image_is_flat_nothing_is_divided():
    warp = Warp(16, 18)
    warp.image = laid_out(np.full((16, 18), 99, np.float32))
    warp(np.zeros((16, 18, 2)))
    assert (warp.rows[:, [RHO, NX, NY, LIMIT]] == 0).all()


def test_right_of_the_image_nothing_pulls():
    """The iteration goes on there, to a whole number of vectors."""
    warp = Warp(16, 18)
    warp(random_flow(16, 18, 2))
    rows = warp.state.reshape(18, -1, PITCH)
    beside = rows[1:-1, RHO : LIMIT + 1, MARGIN + 18 : MARGIN + 32]
    assert np.isfinite(beside).all()
    assert (beside[:, [NX - RHO, NY - RHO, LIMIT - RHO]] == 0).all()
