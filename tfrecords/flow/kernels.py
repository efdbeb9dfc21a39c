"""The loops of TV-L1, compiled by numba for the processor they run on.

Everything that changes in an iteration lies in one flat float32 array, row by
row, with the planes of a row one after the other at a constant `pitch`:

    state[(row * PLANES + plane) * pitch + MARGIN + x],  image row y = row - 1

Row 0 is a row of zeros above the image. With constant distances between the
planes the compiler knows that no plane overlaps another, which it would have to
test at run time otherwise, and does not for so many; so it uses the vector
units. Offsets are unsigned, since numba gives negative ones a meaning.
"""

import functools

import numba
import numpy as np

# Pixels left of the image, so that its first one is aligned with a vector.
MARGIN = 16
PLANES = 11
U, V, P11, P12, P21, P22, GX, GY, RHO, INVERSE, VALUE = range(PLANES)
# Pixels around the interleaved image: where a flow may point outside.
BORDER = 4
CHANNELS = 4
FRACTIONS = 32  # OpenCV rounds coordinates to 1/32 px before it interpolates.

_FAST = {"nsz", "arcp", "contract", "reassoc", "afn", "nnan", "ninf"}
compile_kernel = functools.partial(
    numba.njit, fastmath=_FAST, error_model="numpy", nogil=True, cache=True
)
_index = np.uint64
_float = np.float32


@functools.cache
def iteration_kernel(pitch: int):
    """`iterate(state, inside, height, width, padded, l_t, taut, stop, most)`.

    Repeats equations 13 to 15 of Zach, Pock and Bischof (2007), in one pass
    over the image each: thresholding and primal update of a row, then the dual
    update of the row above, whose neighbours are all known by then.

    `inside` holds theta for pixels of the image and zero for the rest of the
    `padded` width, a whole number of vectors. Returns the number of iterations
    and the last sum of squared changes of (u, v); that is compared with `stop`.
    """
    u_, v_, p11_, p12_, p21_, p22_, gx_, gy_, rho_, inverse_ = (
        _index(plane * pitch) for plane in range(VALUE)
    )
    line = _index(PLANES * pitch)
    margin = _index(MARGIN)
    one = _index(1)
    unit = _float(1)
    zero = _float(0)

    @compile_kernel
    def iterate(state, inside, height, width, padded, l_t, taut, stop, most):
        error = np.inf
        count = 0
        while error > stop and count < most:
            count += 1
            error = 0.0
            for y in range(1, height + 1):
                start = _index(y) * line + margin
                # Above the first row nothing moves: its duals stay zero.
                step = taut if y > 1 else zero
                changes = zero
                for x in range(start, start + padded):
                    above = x - line
                    u = state[x + u_]
                    v = state[x + v_]
                    gx = state[x + gx_]
                    gy = state[x + gy_]
                    shift = (state[x + rho_] + gx * u + gy * v) * state[
                        x + inverse_
                    ]
                    shift = min(max(shift, -l_t), l_t)
                    theta = inside[x - start]
                    p12 = state[above + p12_]
                    p22 = state[above + p22_]
                    new_u = (
                        u
                        - shift * gx
                        + theta
                        * (
                            state[x + p11_]
                            - state[x + p11_ - one]
                            + state[x + p12_]
                            - p12
                        )
                    )
                    new_v = (
                        v
                        - shift * gy
                        + theta
                        * (
                            state[x + p21_]
                            - state[x + p21_ - one]
                            + state[x + p22_]
                            - p22
                        )
                    )
                    changes += (new_u - u) * (new_u - u)
                    changes += (new_v - v) * (new_v - v)
                    state[x + u_] = new_u
                    state[x + v_] = new_v
                    u = state[above + u_]
                    v = state[above + v_]
                    ux = step * (state[above + u_ + one] - u)
                    uy = step * (new_u - u)
                    vx = step * (state[above + v_ + one] - v)
                    vy = step * (new_v - v)
                    # One division for two: they are the dearest operation.
                    norm_u = unit + np.sqrt(ux * ux + uy * uy)
                    norm_v = unit + np.sqrt(vx * vx + vy * vy)
                    both = unit / (norm_u * norm_v)
                    state[above + p11_] = (state[above + p11_] + ux) * (
                        both * norm_v
                    )
                    state[above + p12_] = (p12 + uy) * (both * norm_v)
                    state[above + p21_] = (state[above + p21_] + vx) * (
                        both * norm_u
                    )
                    state[above + p22_] = (p22 + vy) * (both * norm_u)
                error += changes
                # The difference to a right neighbour that is not there is 0.
                end = start + width
                state[end + u_] = state[end + u_ - one]
                state[end + v_] = state[end + v_ - one]
            start = _index(height) * line + margin
            for x in range(start, start + padded):
                ux = taut * (state[x + u_ + one] - state[x + u_])
                vx = taut * (state[x + v_ + one] - state[x + v_])
                norm_u = unit / (unit + abs(ux))
                norm_v = unit / (unit + abs(vx))
                state[x + p11_] = (state[x + p11_] + ux) * norm_u
                state[x + p12_] *= norm_u
                state[x + p21_] = (state[x + p21_] + vx) * norm_v
                state[x + p22_] *= norm_v
        return count, error

    return iterate


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
                # Outside of the image nothing may pull.
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
