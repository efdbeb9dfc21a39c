"""The second image of a pair, sampled where the flow points."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
    GX,
    GY,
    INVERSE,
    MARGIN,
    PLANES,
    RHO,
    VALUE,
    U,
    V,
    compile_kernel,
)

# Pixels around the interleaved image: where a flow may point outside.
BORDER = 4
CHANNELS = 4
FRACTIONS = 32  # OpenCV rounds coordinates to 1/32 px before it interpolates.
_index = np.uint64
_float = np.float32


def bicubic_taps() -> np.ndarray:
    """float32 `[FRACTIONS, 4]`, weights at k / FRACTIONS px; OpenCV's A."""
    a = -0.75
    t = np.arange(FRACTIONS) / FRACTIONS
    first = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a
    second = ((a + 2) * t - (a + 3)) * t * t + 1
    third = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1
    taps = np.stack([first, second, third, 1 - first - second - third], -1)
    return taps.astype(np.float32)


@compile_kernel
def interleave(image, height, width, pitch, target):
    """An image and its central differences, pixel by pixel, zeros around.

    Args:
      image: float32 `[height, width]`.
      height: of the image.
      width: of the image.
      pitch: pixels per row of the target, at least `width + 2 * BORDER`.
      target: float32 `[(height + 2 * BORDER) * pitch * CHANNELS]`; its
        channels become value, x difference, y difference; what lies outside
        of the image is not touched.
    """
    half = np.float32(0.5)
    for y in range(height):
        above = max(y - 1, 0)
        below = min(y + 1, height - 1)
        start = ((y + BORDER) * pitch + BORDER) * CHANNELS
        for x in range(width):
            left = max(x - 1, 0)
            right = min(x + 1, width - 1)
            at = start + CHANNELS * x
            target[at] = image[y, x]
            target[at + 1] = half * (image[y, right] - image[y, left])
            target[at + 2] = half * (image[below, x] - image[above, x])


@functools.cache
def warp_kernel(pitch: int):
    """`warp(image, first, state, where, taps, wide_taps, scratch, ...)`.

    Samples the second image and its gradient at (x + u, y + v), bicubic as
    OpenCV's `remap`, zero outside, and prepares the linearised residual: planes
    GX, GY, RHO and INVERSE (1 / |gradient|^2) of `state`. A pixel whose rounded
    place is that of the last call keeps its samples: most do, after the first
    warps of a scale.

    Arguments of the compiled function:
      image: what `interleave` makes.
      first: float32 `[height, width]`, the first image.
      state: see above.
      where: int32 `[height * 2 * pitch]`, the places of the last call; filled
        with -1 for a new image.
      taps: from `bicubic_taps`, flat; `wide_taps`: each of them four times.
      samples: float32 scratch `[32]`.
      moved: int32 scratch `[pitch]`.
      height, width: of the image.
      lanes: 16. As a constant it would make the compiler unroll, not vectorise.
    """
    u_, v_, gx_, gy_, rho_, inverse_, value_ = (
        _index(plane * pitch) for plane in (U, V, GX, GY, RHO, INVERSE, VALUE)
    )
    line = _index(PLANES * pitch)
    margin = _index(MARGIN)
    row1, row2, row3 = (_index(k * CHANNELS * pitch) for k in (1, 2, 3))
    fractions_ = _index(pitch)
    scale = _float(FRACTIONS)
    lowest = _float(-(BORDER - 1) * FRACTIONS)
    lift = np.int32((BORDER - 1) * FRACTIONS)
    pixels_per_row = np.int32(pitch)
    channels = np.int32(CHANNELS)
    epsilon = _float(np.finfo(np.float32).eps)
    one, two, three, four, sixteen = (_index(k) for k in (1, 2, 3, 4, 16))
    mask = _index(FRACTIONS - 1)
    shift = _index(5)

    @compile_kernel
    def warp(
        image,
        first,
        state,
        where,
        taps,
        wide_taps,
        samples,
        moved,
        height,
        width,
        lanes,
    ):
        right = scale * _float(width + 1) + _float(FRACTIONS - 1)
        bottom = scale * _float(height + 1) + _float(FRACTIONS - 1)
        for y in range(height):
            start = _index(y + 1) * line + margin
            places = _index(y) * two * fractions_
            for x in range(width + width % 2):
                at = start + _index(x)
                column = np.rint((_float(x) + state[at + u_]) * scale)
                row = np.rint((_float(y) + state[at + v_]) * scale)
                i = np.int32(min(max(column, lowest), right)) + lift
                j = np.int32(min(max(row, lowest), bottom)) + lift
                corner = ((j >> 5) * pixels_per_row + (i >> 5)) * channels
                fraction = ((j & 31) << 5) | (i & 31)
                place = places + _index(x)
                moved[x] = (where[place] ^ corner) | (
                    where[place + fractions_] ^ fraction
                )
                where[place] = corner
                where[place + fractions_] = fraction
            # Two pixels at a time: four neighbours by four channels of each
            # fill a vector, and the compiler makes one of a loop of this size.
            for x in range(0, width, 2):
                if moved[x] | moved[x + 1]:
                    place = places + _index(x)
                    corner = _index(where[place])
                    corner2 = _index(where[place + one])
                    fraction = _index(where[place + fractions_])
                    fraction2 = _index(where[place + one + fractions_])
                    across = (fraction & mask) * sixteen
                    across2 = (fraction2 & mask) * sixteen
                    down = (fraction >> shift) * four
                    down2 = (fraction2 >> shift) * four
                    a = taps[down]
                    b = taps[down + one]
                    c = taps[down + two]
                    d = taps[down + three]
                    a2 = taps[down2]
                    b2 = taps[down2 + one]
                    c2 = taps[down2 + two]
                    d2 = taps[down2 + three]
                    for lane in range(lanes):
                        at = corner + lane
                        samples[lane] = wide_taps[across + lane] * (
                            a * image[at]
                            + b * image[at + row1]
                            + c * image[at + row2]
                            + d * image[at + row3]
                        )
                        at = corner2 + lane
                        samples[sixteen + lane] = wide_taps[across2 + lane] * (
                            a2 * image[at]
                            + b2 * image[at + row1]
                            + c2 * image[at + row2]
                            + d2 * image[at + row3]
                        )
                    at = start + _index(x)
                    for k in range(2):
                        q = 16 * k
                        p = at + _index(k)
                        state[p + value_] = (samples[q] + samples[q + 4]) + (
                            samples[q + 8] + samples[q + 12]
                        )
                        state[p + gx_] = (samples[q + 1] + samples[q + 5]) + (
                            samples[q + 9] + samples[q + 13]
                        )
                        state[p + gy_] = (samples[q + 2] + samples[q + 6]) + (
                            samples[q + 10] + samples[q + 14]
                        )
            if width % 2:
                # Outside of the image the data term must be zero.
                at = start + _index(width)
                state[at + gx_] = _float(0)
                state[at + gy_] = _float(0)
            for x in range(width):
                at = start + _index(x)
                gx = state[at + gx_]
                gy = state[at + gy_]
                square = gx * gx + gy * gy
                state[at + rho_] = state[at + value_] - (
                    gx * state[at + u_] + gy * state[at + v_] + first[y, x]
                )
                state[at + inverse_] = (
                    _float(1) / square if square > epsilon else _float(0)
                )

    return warp
