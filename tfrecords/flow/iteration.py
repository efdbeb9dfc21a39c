"""The iteration of TV-L1, compiled by numba for the processor it runs on."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
    MARGIN,
    PLANES,
    VALUE,
    compile_kernel,
)

_index = np.uint64
_float = np.float32


@functools.cache
def iteration_kernel(pitch: int):
    """`iterate(state, inside, height, width, padded, l_t, taut, stop, most)`.

    Both steps of TV-L1 (see the package) in one pass over the image: v and u
    of a row, then p of the row above it, whose neighbours are ready by then.

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
                    # One division for two: nothing else here is as slow.
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
                # The difference to a missing right neighbour is 0.
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
