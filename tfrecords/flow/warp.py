"""The second image of a pair, sampled where the flow points."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numba
import numpy as np
from llvmlite import ir

from d3d_tf.tfrecords.flow.layout import (
    GX,
    GY,
    INVERSE,
    MARGIN,
    PLANES,
    RHO,
    U,
    V,
    compile_kernel,
    intrinsic,
    widen,
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
    typingctx,
    image,
    corner,
    row,
    taps,
    down,
    wide_taps,
    across,
    target,
    at,
    apart,
):
    """Weighted sums of 4 x 4 pixels, into one number of three planes.

    The four pixels of a row are one vector of 16 numbers. numba cannot say so,
    hence LLVM's own code, which is the same for all processors.

    Args:
      image: what `interleave` makes; the first pixel is at `corner`, and the
        next row begins `row` numbers later.
      taps: the weights of the four rows, from `down` on.
      wide_taps: those of the columns, each four times, from `across` on.
      target: the sums of the first three channels go to `at`, `at + apart` and
        `at + 2 * apart`.
    """

    def generate(context, builder, signature, arguments):
        pixels, corner, row, rows, down, columns, across, planes, at, apart = (
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
        for channel in range(3):
            value = builder.extract_element(total, _WHOLE(channel))
            builder.store(value, builder.gep(planes, [at]))
            at = builder.add(at, apart)
        return context.get_dummy_value()

    return numba.types.none(
        image,
        corner,
        row,
        taps,
        down,
        wide_taps,
        across,
        target,
        at,
        apart,
    ), generate


@functools.cache
def warp_kernel(pitch: int):
    """`warp(image, first, state, taps, wide_taps, places, ...)`.

    Samples the second image and its gradient at (x + u, y + v), bicubic as
    OpenCV's `remap`, zero outside, and prepares the linearised residual: planes
    GX, GY, RHO and INVERSE (1 / |gradient|^2) of `state`.

    Arguments of the compiled function:
      image: what `interleave` makes.
      first: float32 `[height, width]`, the first image.
      state: see `layout`.
      taps: from `bicubic_taps`, flat; `wide_taps`: each of them four times.
      places: int32 scratch `[2 * pitch]`.
      height, width: of the image.
    """
    u_, v_, gx_, gy_, rho_, inverse_ = (
        _index(plane * pitch) for plane in (U, V, GX, GY, RHO, INVERSE)
    )
    plane_ = _index(pitch)
    line = _index(PLANES * pitch)
    margin = _index(MARGIN)
    image_row = _index(CHANNELS * pitch)
    four, sixteen = _index(CHANNELS), _index(4 * CHANNELS)
    scale = _float(FRACTIONS)
    lowest = _float(-(BORDER - 1) * FRACTIONS)
    lift = np.int32((BORDER - 1) * FRACTIONS)
    pixels_per_row = np.int32(pitch)
    channels = np.int32(CHANNELS)
    epsilon = _float(np.finfo(np.float32).eps)
    mask = _index(FRACTIONS - 1)
    shift = _index(5)

    @compile_kernel
    def warp(
        image,
        first,
        state,
        taps,
        wide_taps,
        places,
        height,
        width,
    ):
        widen()
        right = scale * _float(width + 1) + _float(FRACTIONS - 1)
        bottom = scale * _float(height + 1) + _float(FRACTIONS - 1)
        for y in range(height):
            start = _index(y + 1) * line + margin
            for x in range(width):
                at = start + _index(x)
                column = np.rint((_float(x) + state[at + u_]) * scale)
                row = np.rint((_float(y) + state[at + v_]) * scale)
                i = np.int32(min(max(column, lowest), right)) + lift
                j = np.int32(min(max(row, lowest), bottom)) + lift
                places[x] = ((j >> 5) * pixels_per_row + (i >> 5)) * channels
                places[x + pixels_per_row] = ((j & 31) << 5) | (i & 31)
            for x in range(width):
                corner = _index(places[x])
                fraction = _index(places[x + pixels_per_row])
                blend(
                    image,
                    corner,
                    image_row,
                    taps,
                    (fraction >> shift) * four,
                    wide_taps,
                    (fraction & mask) * sixteen,
                    state,
                    start + _index(x) + rho_,
                    plane_,
                )
            for x in range(width):
                at = start + _index(x)
                gx = state[at + gx_]
                gy = state[at + gy_]
                square = gx * gx + gy * gy
                state[at + rho_] -= (
                    gx * state[at + u_] + gy * state[at + v_] + first[y, x]
                )
                state[at + inverse_] = (
                    _float(1) / square if square > epsilon else _float(0)
                )

    return warp
