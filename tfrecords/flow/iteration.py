"""The iteration of TV-L1, compiled by numba for the processor it runs on."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
    MARGIN,
    PLANES,
    compile_kernel,
    inline,
    widen,
)

KEPT = 6  # The first planes of the layout: all that an iteration changes.
# Most iterations that share a pass: their rows stay in the second-level cache.
GROUP = 12
_index = np.uint64
_float = np.float32


@inline
def _next_group(changes, done, stop):
    """How many iterations to do next: rarely more than are needed.

    Changes fall ever more slowly. The constants make the iterations of the
    videos of `benchmarks.flow` cheapest; results do not depend on them.
    """
    if stop <= 0:
        return GROUP
    last = changes[done - 1]
    slope = 0.8
    if done > 1:
        slope = min(max(np.log(changes[done - 2] / last), 0.12), slope)
    return min(GROUP, 1 + int(np.log(last / stop) / slope))


@inline
def _copy(source, source_start, target, target_start, pitch, padded):
    """Copies a row of the planes that an iteration changes."""
    for plane in range(KEPT):
        at = _index(plane) * pitch + _index(MARGIN)
        for x in range(at, at + padded):
            target[target_start + x] = source[source_start + x]


@functools.cache
def iteration_kernel(pitch: int):
    """`iterate(state, kept, inside, height, width, padded, l_t, taut, ...)`.

    Both steps of TV-L1 (see the package) in one pass over the image: v and u
    of a row, then p of the row above it, whose neighbours are ready by then.
    Several iterations share a pass, each one row behind the one before it, so
    that a row is fetched once for all of them. If one of them turns out to be
    the last, those after it were too many: the call goes back to the copy that
    its first pass of several made, and ends in time. So the result does not
    depend on how iterations are grouped.

    The last arguments are `stop`, `most` and `expected`, a guess at the number
    of iterations that decides the first pass. `kept` is float32 scratch
    `[(height + 1) * KEPT * pitch]`; `inside` holds theta for pixels of the
    image and zero for the rest of the `padded` width, a whole number of
    vectors. Returns the number of iterations and the last sum of squared
    changes of (u, v); that is compared with `stop`.
    """
    u_, v_, p11_, p12_, p21_, p22_, rho_, gx_, gy_, inverse_ = (
        _index(plane * pitch) for plane in range(PLANES)
    )
    plane_ = _index(pitch)
    line = _index(PLANES * pitch)
    kept_line = _index(KEPT * pitch)
    margin = _index(MARGIN)
    one = _index(1)
    unit = _float(1)
    zero = _float(0)

    @compile_kernel
    def iterate(
        state,
        kept,
        inside,
        height,
        width,
        padded,
        l_t,
        taut,
        stop,
        most,
        expected,
    ):
        widen()
        changes = np.zeros(most)
        done = 0
        kept_at = -1
        size = min(max(7 * expected // 10, 1), 8, most)
        while size > 0:
            if size > 1 and kept_at < 0:
                kept_at = done
            # One loop for two: if y were seen to fall while k rises, LLVM would
            # not use vectors.
            for job in range((height + size) * size):
                turn = job // size
                k = job - turn * size
                y = turn + 1 - k
                if y < 1 or y > height + 1:
                    continue
                start = _index(y) * line + margin
                if y > height:
                    bottom = start - line
                    for x in range(bottom, bottom + padded):
                        ux = taut * (state[x + u_ + one] - state[x + u_])
                        vx = taut * (state[x + v_ + one] - state[x + v_])
                        norm_u = unit / (unit + abs(ux))
                        norm_v = unit / (unit + abs(vx))
                        state[x + p11_] = (state[x + p11_] + ux) * norm_u
                        state[x + p12_] *= norm_u
                        state[x + p21_] = (state[x + p21_] + vx) * norm_v
                        state[x + p22_] *= norm_v
                    continue
                if kept_at == done and k == 0:
                    _copy(
                        state,
                        start - margin,
                        kept,
                        _index(y) * kept_line,
                        plane_,
                        padded,
                    )
                # Above the first row nothing moves: its duals stay zero.
                step = taut if y > 1 else zero
                change = zero
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
                    change += (new_u - u) * (new_u - u)
                    change += (new_v - v) * (new_v - v)
                    state[x + u_] = new_u
                    state[x + v_] = new_v
                    u = state[above + u_]
                    v = state[above + v_]
                    ux = step * (state[above + u_ + one] - u)
                    uy = step * (new_u - u)
                    vx = step * (state[above + v_ + one] - v)
                    vy = step * (new_v - v)
                    norm_u = unit / (unit + np.sqrt(ux * ux + uy * uy))
                    norm_v = unit / (unit + np.sqrt(vx * vx + vy * vy))
                    p11 = state[above + p11_]
                    p21 = state[above + p21_]
                    state[above + p11_] = (p11 + ux) * norm_u
                    state[above + p12_] = (p12 + uy) * norm_u
                    state[above + p21_] = (p21 + vx) * norm_v
                    state[above + p22_] = (p22 + vy) * norm_v
                changes[done + k] += change
                # The difference to a missing right neighbour is 0.
                end = start + width
                state[end + u_] = state[end + u_ - one]
                state[end + v_] = state[end + v_ - one]
            last = done
            while last < done + size - 1 and changes[last] > stop:
                last += 1
            if last < done + size - 1:
                for y in range(1, height + 1):
                    at = _index(y)
                    _copy(
                        kept, at * kept_line, state, at * line, plane_, padded
                    )
                most, stop, done = last + 1, -1.0, kept_at
                changes[done:] = 0
                size = min(GROUP, most - done)
            else:
                done += size
                size = 0
                if changes[last] > stop:
                    size = min(_next_group(changes, done, stop), most - done)
        return done, changes[done - 1]

    return iterate
