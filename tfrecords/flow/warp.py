"""The second image of a pair, sampled where the flow points."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numba
import numpy as np
from llvmlite import ir

from d3d_tf.tfrecords.flow.layout import (
    DATA_PLANES,
    LIMIT,
    MARGIN,
    NX,
    NY,
    PLANES,
    RHO,
    U,
    V,
    compile_kernel,
    intrinsic,
    tune,
)

# Pixels around the interleaved image: where a flow may point outside.
BORDER = 4
CHANNELS = 4
FRACTIONS = 32  # OpenCV rounds coordinates to 1/32 px before it interpolates.
_index = np.uint64
_float = np.float32
# LLVM's types, and its leave to multiply and add in one instruction.
_WHOLE = ir.IntType(32)
_VECTOR = ir.VectorType(ir.FloatType(), 4 * CHANNELS)
_CONTRACT = ("contract",)


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
      image: float32 `[height, at least width]`.
      height: of the image.
      width: of the image, at least 2.
      pitch: pixels per row of the target, at least `width + 2 * BORDER`.
      target: float32 `[(height + 2 * BORDER) * pitch * CHANNELS]`; its
        channels become value, x difference, y difference, 0; what lies outside
        of the image is not touched.
    """
    tune()
    half = np.float32(0.5)
    for y in range(height):
        above = max(y - 1, 0)
        below = min(y + 1, height - 1)
        start = ((y + BORDER) * pitch + BORDER) * CHANNELS
        for x in range(1, width - 1):
            at = start + CHANNELS * x
            target[at] = image[y, x]
            target[at + 1] = half * (image[y, x + 1] - image[y, x - 1])
            target[at + 2] = half * (image[below, x] - image[above, x])
            target[at + 3] = 0
        for x in (0, width - 1):
            at = start + CHANNELS * x
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            target[at] = image[y, x]
            target[at + 1] = half * (image[y, right] - image[y, left])
            target[at + 2] = half * (image[below, x] - image[above, x])


def _load(builder, data, index):
    """A vector of the numbers from `data[index]` on."""
    place = builder.gep(data, [index])
    place = builder.bitcast(place, _VECTOR.as_pointer())
    return builder.load(place, align=4)


def _pick(builder, vector, lanes):
    """Some numbers of a vector, as another one."""
    kind = ir.VectorType(_WHOLE, len(lanes))
    return builder.shuffle_vector(vector, vector, kind(list(lanes)))


@intrinsic
def blend(
    typingctx, image, corner, row, taps, down, wide_taps, across, target, at
):
    """Weighted sums of 4 x 4 pixels: four numbers, one for each channel.

    The four pixels of a row are one vector of 16 numbers. numba cannot say so,
    hence LLVM's own code, which is the same for all processors.

    Args:
      image: what `interleave` makes; the first pixel is at `corner`, and the
        next row starts `row` numbers later.
      taps: the weights of the four rows, from `down` on.
      wide_taps: those of the columns, each four times, from `across` on.
      target: the sums go to the four numbers from `at` on.
    """

    def generate(context, builder, signature, arguments):
        pixels, corner, row, rows, down, columns, across, sums, at = (
            context.make_array(kind)(context, builder, value).data
            if isinstance(kind, numba.types.Array)
            else value
            for kind, value in zip(signature.args, arguments, strict=True)
        )
        total = None
        for k in range(4):
            place = builder.gep(rows, [builder.add(down, down.type(k))])
            weight = builder.insert_element(
                _VECTOR(ir.Undefined), builder.load(place), _WHOLE(0)
            )
            part = builder.fmul(
                _pick(builder, weight, _VECTOR.count * [0]),
                _load(builder, pixels, corner),
                flags=_CONTRACT,
            )
            total = (
                builder.fadd(total, part, flags=_CONTRACT) if total else part
            )
            corner = builder.add(corner, row)
        total = builder.fmul(total, _load(builder, columns, across))
        for size in (8, 4):
            low = _pick(builder, total, range(size))
            high = _pick(builder, total, range(size, 2 * size))
            total = builder.fadd(low, high)
        place = builder.bitcast(
            builder.gep(sums, [at]), total.type.as_pointer()
        )
        builder.store(total, place, align=4)
        return context.get_dummy_value()

    return numba.types.none(
        image, corner, row, taps, down, wide_taps, across, target, at
    ), generate


@functools.cache
def warp_kernel(pitch: int):
    """`warp(image, first, state, start, data, taps, wide_taps, ramp, places, ...)`.

    Samples the second image and its gradient at (x + u, y + v), bicubic as
    OpenCV's `remap`, zero outside, and prepares the linearised residual, the
    planes of `data`.

    Arguments of the compiled function:
      image: what `interleave` makes.
      first: float32 `[height, padded]`, the first image.
      state, start, data: see `layout`.
      taps: from `bicubic_taps`, flat; `wide_taps`: each of them four times.
      ramp: float32 `[pitch]`, FRACTIONS times 0, 1, 2, ...
      places: int32 scratch `[2 * pitch]`.
      sampled: float32 scratch `[CHANNELS * padded]`, zero right of the image.
      height, width: of the image; `padded` is a whole number of vectors.
      step, limit: float32, tau / theta and lambda * theta.
    """
    rho_, nx_, ny_, limit_ = (
        _index(plane * pitch) for plane in (RHO, NX, NY, LIMIT)
    )
    line = _index(2 * PLANES * pitch)
    data_line = _index(DATA_PLANES * pitch)
    margin = _index(MARGIN)
    image_row = _index(CHANNELS * pitch)
    four, sixteen = _index(CHANNELS), _index(4 * CHANNELS)
    lowest = _float(-(BORDER - 1) * FRACTIONS)
    lift = _float((BORDER - 1) * FRACTIONS)
    fractions = _float(FRACTIONS)
    epsilon = _float(np.finfo(np.float32).eps)
    mask = _index(FRACTIONS - 1)
    shift = _index(5)
    zero, unit = _float(0), _float(1)
    planes = after = _index(pitch)
    one, two = _index(1), _index(2)

    @compile_kernel
    def warp(
        image,
        first,
        state,
        start,
        data,
        taps,
        wide_taps,
        ramp,
        places,
        sampled,
        height,
        width,
        padded,
        step,
        limit,
    ):
        tune()
        scale = fractions / step
        right = fractions * _float(width + one) + (fractions - unit)
        bottom = fractions * _float(height + 1) + (fractions - unit)
        for y in range(height):
            u_ = _index(y + 1) * line + _index(start + U) * planes + margin
            v_ = _index(y + 1) * line + _index(start + V) * planes + margin
            fixed = _index(y + 1) * data_line + margin
            down = fractions * _float(y)
            for x in range(padded):
                column = np.rint(ramp[x] + scale * state[u_ + x])
                row = np.rint(down + scale * state[v_ + x])
                places[x] = np.int32(min(max(column, lowest), right) + lift)
                places[x + after] = np.int32(
                    min(max(row, lowest), bottom) + lift
                )
            for x in range(width):
                i = _index(places[x])
                j = _index(places[x + after])
                blend(
                    image,
                    (j >> shift) * image_row + (i >> shift) * four,
                    image_row,
                    taps,
                    (j & mask) * four,
                    wide_taps,
                    (i & mask) * sixteen,
                    sampled,
                    x * four,
                )
            for x in range(padded):
                at = x * four
                gx = sampled[at + one]
                gy = sampled[at + two]
                square = gx * gx + gy * gy
                length = np.sqrt(square)
                inverse = unit / length if square > epsilon else zero
                nx = gx * inverse
                ny = gy * inverse
                data[fixed + x + nx_] = nx
                data[fixed + x + ny_] = ny
                data[fixed + x + rho_] = step * inverse * (
                    sampled[at] - first[y, x]
                ) - (nx * state[u_ + x] + ny * state[v_ + x])
                data[fixed + x + limit_] = (
                    step * limit * length if square > epsilon else zero
                )

    return warp
