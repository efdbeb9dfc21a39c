"""The second image of a pair, sampled where the flow points."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numba
import numpy as np
from llvmlite import ir

from d3d_tf.tfrecords.flow.layout import (
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

# Pixels around the image: where a flow may point outside.
BORDER = 4
CHANNELS = 3  # Value, x difference, y difference.
FRACTIONS = 32  # OpenCV rounds coordinates to 1/32 px before it interpolates.
_index = np.uint64
_float = np.float32
# LLVM's types, and its leave to multiply and add in one instruction.
_WHOLE = ir.IntType(32)
_VECTOR = ir.VectorType(ir.FloatType(), 4)
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
def differentiate(image, height, width, stride, pitch, target):
    """An image and its central differences, with zeros around.

    Args:
      image: float32, flat, rows `stride` apart.
      height: of the image.
      width: of the image.
      stride: at least `width`.
      pitch: pixels per row of the target, at least `width + 2 * BORDER`.
      target: float32 `[(height + 2 * BORDER) * CHANNELS * pitch]`; what lies
        outside of the image is not touched.
    """
    tune()
    half = np.float32(0.5)
    one, two = _index(1), _index(2)
    last = width - one
    for y in range(height):
        row = _index(y) * stride
        above = _index(max(y - 1, 0)) * stride
        below = _index(min(y + 1, height - 1)) * stride
        values = _index((y + BORDER) * CHANNELS) * pitch + _index(BORDER)
        across = values + pitch
        down = across + pitch
        for x in range(width):
            target[values + x] = image[row + x]
            target[down + x] = half * (image[below + x] - image[above + x])
        for x in range(max(width, two) - two):
            target[across + x + one] = half * (
                image[row + x + two] - image[row + x]
            )
        target[across] = half * (image[row + min(one, last)] - image[row])
        target[across + last] = half * (
            image[row + last] - image[row + max(last, one) - one]
        )


def _load(builder, data, index):
    """A vector of the numbers from `data[index]` on."""
    place = builder.gep(data, [index])
    place = builder.bitcast(place, _VECTOR.as_pointer())
    return builder.load(place, align=4)


def _pick(builder, first, second, lanes):
    """Some numbers of two vectors after each other, as another one."""
    kind = ir.VectorType(_WHOLE, len(lanes))
    return builder.shuffle_vector(first, second, kind(lanes))


def _columns_of_place(builder, pixels, pitch, taps, column, line):
    """For each channel the four weighted columns at one place, a vector.

    Its whole pixels and its fractions are parts of `column` and `line`.
    """
    kind = column.type
    bits, mask = kind(FRACTIONS.bit_length() - 1), kind(FRACTIONS - 1)
    four = kind(4)
    across = builder.mul(builder.and_(column, mask), four)
    down = builder.mul(builder.and_(line, mask), four)
    row = builder.mul(pitch, kind(CHANNELS))
    corner = builder.add(
        builder.mul(builder.lshr(line, bits), row), builder.lshr(column, bits)
    )
    totals = [None] * CHANNELS
    for k in range(4):
        weight = builder.load(
            builder.gep(taps, [builder.add(down, kind(k))])
        )
        weight = builder.insert_element(
            _VECTOR(ir.Undefined), weight, _WHOLE(0)
        )
        weight = _pick(builder, weight, weight, [0, 0, 0, 0])
        place = corner
        for channel, total in enumerate(totals):
            part = builder.fmul(
                weight, _load(builder, pixels, place), flags=_CONTRACT
            )
            totals[channel] = (
                builder.fadd(total, part, flags=_CONTRACT) if total else part
            )
            place = builder.add(place, pitch)
        corner = builder.add(corner, row)
    weights = _load(builder, taps, across)
    return [builder.fmul(total, weights) for total in totals]


def _sums(builder, a, b, c, d):
    """Of each of four vectors the sum of its numbers: a vector."""
    first, second = (
        builder.fadd(
            _pick(builder, *pair, [0, 4, 1, 5]),
            _pick(builder, *pair, [2, 6, 3, 7]),
        )
        for pair in ((a, b), (c, d))
    )
    return builder.fadd(
        _pick(builder, first, second, [0, 1, 4, 5]),
        _pick(builder, first, second, [2, 3, 6, 7]),
    )


@intrinsic
def blend(typingctx, image, pitch, taps, places, x, apart, target):
    """Weighted sums of 4 x 4 pixels for four places beside each other.

    Four pixels are a vector. numba cannot say so, hence LLVM's own code, which
    is the same for all processors.

    Args:
      image: what `differentiate` makes for `pitch`.
      taps: the weights, flat.
      places: coordinates in units of 1 / FRACTIONS px: four columns from `x`
        on, and four rows from `x + apart` on.
      target: the sums of channel c go to the four numbers from
        `x + c * apart` on.
    """

    def generate(context, builder, signature, arguments):
        pixels, pitch, taps, places, x, apart, target = (
            context.make_array(kind)(context, builder, value).data
            if isinstance(kind, numba.types.Array)
            else value
            for kind, value in zip(signature.args, arguments, strict=True)
        )
        columns = []
        for k in range(4):
            index = builder.add(x, x.type(k))
            place = [
                builder.zext(builder.load(builder.gep(places, [at])), x.type)
                for at in (index, builder.add(index, apart))
            ]
            columns.append(
                _columns_of_place(builder, pixels, pitch, taps, *place)
            )
        for four in zip(*columns, strict=True):
            place = builder.gep(target, [x])
            place = builder.bitcast(place, _VECTOR.as_pointer())
            builder.store(_sums(builder, *four), place, align=4)
            x = builder.add(x, apart)
        return context.get_dummy_value()

    return numba.types.none(
        image, pitch, taps, places, x, apart, target
    ), generate


@functools.cache
def warp_kernel(pitch: int):
    """`warp(image, first, state, start, taps, ramp, places, ...)`.

    Samples the second image and its gradient at (x + u, y + v), bicubic as
    OpenCV's `remap`, zero outside, and prepares the linearised residual, the
    planes NX, NY, RHO and LIMIT of `state`.

    Arguments of the compiled function:
      image: what `differentiate` makes.
      first: float32 `[height, padded]`, the first image.
      state: see `layout`; u and v begin with plane `start`.
      taps: from `bicubic_taps`, flat.
      ramp: float32 `[pitch]`, FRACTIONS times 0, 1, 2, ...
      places, moved, sampled: scratch, int32 `[2 * pitch]`, float32 of the same
        length, and float32 `[3 * pitch]`.
      height, width: of the image; `padded` is a whole number of vectors.
      step, limit: float32, tau / theta and lambda * theta.
    """
    rho_, nx_, ny_, limit_ = (
        _index(plane * pitch) for plane in (RHO, NX, NY, LIMIT)
    )
    line = _index(PLANES * pitch)
    margin = _index(MARGIN)
    four = _index(4)
    lowest = _float(-(BORDER - 1) * FRACTIONS)
    lift = _float((BORDER - 1) * FRACTIONS)
    fractions = _float(FRACTIONS)
    epsilon = _float(np.finfo(np.float32).eps)
    zero, unit = _float(0), _float(1)
    planes = after = _index(pitch)
    one = _index(1)

    @compile_kernel
    def warp(
        image,
        first,
        state,
        start,
        taps,
        ramp,
        places,
        moved,
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
            here = _index(y + 1) * line + margin
            u_ = here + _index(start + U) * planes
            v_ = here + _index(start + V) * planes
            down = fractions * _float(y)
            for x in range(padded):
                u = state[u_ + x]
                v = state[v_ + x]
                moved[x] = u
                moved[x + after] = v
                column = np.rint(ramp[x] + scale * u)
                row = np.rint(down + scale * v)
                places[x] = np.int32(min(max(column, lowest), right) + lift)
                places[x + after] = np.int32(
                    min(max(row, lowest), bottom) + lift
                )
            for quad in range(padded // four):
                blend(
                    image,
                    after,
                    taps,
                    places,
                    quad * four,
                    after,
                    sampled,
                )
            for x in range(width, padded):
                sampled[x + after] = sampled[x + after + after] = 0
            for x in range(padded):
                gx = sampled[x + after]
                gy = sampled[x + after + after]
                square = gx * gx + gy * gy
                length = np.sqrt(square)
                inverse = unit / length if square > epsilon else zero
                nx = gx * inverse
                ny = gy * inverse
                state[here + x + nx_] = nx
                state[here + x + ny_] = ny
                state[here + x + rho_] = step * inverse * (
                    sampled[x] - first[y, x]
                ) - (nx * moved[x] + ny * moved[x + after])
                state[here + x + limit_] = (
                    step * limit * length if square > epsilon else zero
                )

    return warp
