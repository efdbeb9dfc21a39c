"""The second image of a pair, sampled where the flow points."""

# The types are numba's.
# mypy: disable-error-code="assignment, operator"

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
def interleave(image, height, width, stride, pitch, target):
    """An image and its central differences, pixel by pixel, zeros around.

    Args:
      image: float32, flat, its rows `stride` apart.
      height: of the image.
      width: of the image, at most `stride`.
      stride: of the image.
      pitch: pixels per row of the target, at least `width + 2 * BORDER`.
      target: float32 `[(height + 2 * BORDER) * pitch * CHANNELS]`; its
        channels become value, x difference, y difference, 0; what lies outside
        of the image is not touched.
    """
    tune()
    half = _float(0.5)
    one, two, three = _index(1), _index(2), _index(3)
    four = _index(CHANNELS)
    last = width - one
    for y in range(height):
        row = _index(y) * stride
        above = _index(max(y - 1, 0)) * stride
        below = _index(min(y + 1, height - 1)) * stride
        start = (_index(y + BORDER) * pitch + _index(BORDER)) * four
        for x in range(last - min(one, last)):
            here = x + one
            at = start + four * here
            target[at] = image[row + here]
            target[at + one] = half * (image[row + here + one] - image[row + x])
            difference = image[below + here] - image[above + here]
            target[at + two] = half * difference
            target[at + three] = 0
        for x in (_index(0), last):
            at = start + four * x
            left, right = x - min(x, one), min(x + one, last)
            target[at] = image[row + x]
            target[at + one] = half * (image[row + right] - image[row + left])
            target[at + two] = half * (image[below + x] - image[above + x])


def _load(builder, data, index):
    """A vector of the numbers from `data[index]` on."""
    place = builder.gep(data, [index])
    place = builder.bitcast(place, _VECTOR.as_pointer())
    return builder.load(place, align=4)


def _pick(builder, first, second, lanes):
    """Some numbers of two vectors after each other, as another one."""
    kind = ir.VectorType(_WHOLE, len(lanes))
    return builder.shuffle_vector(first, second, kind(list(lanes)))


def _spread(builder, number):
    """A vector of one number."""
    vector = builder.insert_element(_VECTOR(ir.Undefined), number, _WHOLE(0))
    return _pick(builder, vector, vector, _VECTOR.count * [0])


def _blend_one(builder, pixels, row, taps, wide_taps, column, line):
    """The sums of one place: a vector of CHANNELS numbers.

    Its whole pixels and its fractions are parts of `column` and `line`.
    """
    kind = column.type
    bits, mask = kind(FRACTIONS.bit_length() - 1), kind(FRACTIONS - 1)
    across = builder.mul(builder.and_(column, mask), kind(4 * CHANNELS))
    down = builder.mul(builder.and_(line, mask), kind(4))
    corner = builder.add(
        builder.mul(builder.lshr(line, bits), row),
        builder.mul(builder.lshr(column, bits), kind(CHANNELS)),
    )
    total = None
    for k in range(4):
        place = builder.gep(taps, [builder.add(down, kind(k))])
        part = builder.fmul(
            _spread(builder, builder.load(place)),
            _load(builder, pixels, corner),
            flags=_CONTRACT,
        )
        total = builder.fadd(total, part, flags=_CONTRACT) if total else part
        corner = builder.add(corner, row)
    total = builder.fmul(total, _load(builder, wide_taps, across))
    for size in (8, 4):
        low = _pick(builder, total, total, range(size))
        high = _pick(builder, total, total, range(size, 2 * size))
        total = builder.fadd(low, high)
    return total


@intrinsic
def blend(typingctx, image, row, taps, wide_taps, places, x, apart, target):
    """Weighted sums of 4 x 4 pixels for four places beside each other.

    The four pixels of a row are one vector of 16 numbers. numba cannot say so,
    hence LLVM's own code, which is the same for all processors.

    Args:
      image: what `interleave` makes, whose rows begin `row` numbers apart.
      taps: the weights of the four rows.
      wide_taps: those of the four columns, each four times.
      places: coordinates in units of 1 / FRACTIONS px: four columns from `x`
        on, and four rows from `x + apart` on.
      target: the sums of channel c go to the four numbers from
        `x + c * apart` on, for the first three.
    """

    def generate(context, builder, signature, arguments):
        pixels, row, down, across, places, x, apart, target = (
            context.make_array(kind)(context, builder, value).data
            if isinstance(kind, numba.types.Array)
            else value
            for kind, value in zip(signature.args, arguments, strict=True)
        )
        sums = []
        for k in range(4):
            column = builder.add(x, x.type(k))
            line = builder.add(column, apart)
            column, line = (
                builder.zext(builder.load(builder.gep(places, [index])), x.type)
                for index in (column, line)
            )
            sums.append(
                _blend_one(builder, pixels, row, down, across, column, line)
            )
        for channel in range(3):
            first, second = (
                _pick(builder, a, b, [channel, channel + CHANNELS])
                for a, b in (sums[:2], sums[2:])
            )
            four = _pick(builder, first, second, range(4))
            place = builder.gep(target, [x])
            place = builder.bitcast(place, four.type.as_pointer())
            builder.store(four, place, align=4)
            x = builder.add(x, apart)
        return context.get_dummy_value()

    return numba.types.none(
        image, row, taps, wide_taps, places, x, apart, target
    ), generate


@functools.cache
def warp_kernel(pitch: int):
    """`warp(image, first, state, start, taps, wide_taps, ramp, places, ...)`.

    Samples the second image and its gradient at (x + u, y + v), bicubic as
    OpenCV's `remap`, zero outside, and prepares the linearised residual, the
    planes NX, NY, RHO and LIMIT of `state`.

    Arguments of the compiled function:
      image: what `interleave` makes.
      first: float32 `[height, padded]`, the first image.
      state: see `layout`; u and v begin with plane `start`.
      taps: from `bicubic_taps`, flat; `wide_taps`: each of them four times.
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
    image_row = _index(CHANNELS * pitch)
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
        wide_taps,
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
                    image_row,
                    taps,
                    wide_taps,
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
