"""The iteration of TV-L1, compiled by numba for the processor it runs on."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
    DATA_PLANES,
    LIMIT,
    MARGIN,
    NX,
    NY,
    P11,
    P12,
    P21,
    P22,
    PLANES,
    RHO,
    U,
    V,
    compile_kernel,
    inline,
    tune,
)

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
        slope = min(max(np.log(changes[done - 2] / last), 0.1), slope)
    return min(GROUP, max(1, int(0.9 * np.log(last / stop) / slope)))


@inline
def _update(state, data, inside, y, width, padded, pitch, old, new):
    """(u, v) of row y and duals of the row above; returns the sum of changes.

    `old` and `new` are where the two states start.
    """
    old *= pitch
    new *= pitch
    u_, v_ = _index(U) * pitch, _index(V) * pitch
    p11_, p12_ = old + _index(P11) * pitch, old + _index(P12) * pitch
    p21_, p22_ = old + _index(P21) * pitch, old + _index(P22) * pitch
    new_p11_, new_p12_ = new + _index(P11) * pitch, new + _index(P12) * pitch
    new_p21_, new_p22_ = new + _index(P21) * pitch, new + _index(P22) * pitch
    old_u_, old_v_, new_u_, new_v_ = old + u_, old + v_, new + u_, new + v_
    rho_, limit_ = _index(RHO) * pitch, _index(LIMIT) * pitch
    nx_, ny_ = _index(NX) * pitch, _index(NY) * pitch
    line = _index(2 * PLANES) * pitch
    one, unit = _index(1), _float(1)
    start = y * line + _index(MARGIN)
    fixed = y * _index(DATA_PLANES) * pitch + _index(MARGIN)
    change = _float(0)
    for x in range(padded):
        at = start + x
        above = at - line
        place = fixed + x
        u = state[at + old_u_]
        v = state[at + old_v_]
        nx = data[place + nx_]
        ny = data[place + ny_]
        limit = data[place + limit_]
        shift = data[place + rho_] + nx * u + ny * v
        shift = min(max(shift, -limit), limit)
        theta = inside[x]
        p12 = state[above + p12_]
        p22 = state[above + p22_]
        sources_u = state[at + p11_] - state[at + p11_ - one]
        sources_v = state[at + p21_] - state[at + p21_ - one]
        sources_u += state[at + p12_] - p12
        sources_v += state[at + p22_] - p22
        new_u = u - shift * nx + theta * sources_u
        new_v = v - shift * ny + theta * sources_v
        change += (new_u - u) * (new_u - u)
        change += (new_v - v) * (new_v - v)
        state[at + new_u_] = new_u
        state[at + new_v_] = new_v
        u = state[above + new_u_]
        v = state[above + new_v_]
        ux = state[above + new_u_ + one] - u
        uy = new_u - u
        vx = state[above + new_v_ + one] - v
        vy = new_v - v
        norm_u = unit / (unit + np.sqrt(ux * ux + uy * uy))
        norm_v = unit / (unit + np.sqrt(vx * vx + vy * vy))
        p11 = state[above + p11_]
        p21 = state[above + p21_]
        state[above + new_p11_] = (p11 + ux) * norm_u
        state[above + new_p12_] = (p12 + uy) * norm_u
        state[above + new_p21_] = (p21 + vx) * norm_v
        state[above + new_p22_] = (p22 + vy) * norm_v
    # The difference to a missing right neighbour is 0.
    end = start + width
    state[end + new_u_] = state[end + new_u_ - one]
    state[end + new_v_] = state[end + new_v_ - one]
    return change


@functools.cache
def iteration_kernel(pitch: int):
    """`iterate(state, data, inside, height, width, padded, old, stop, ...)`.

    Both steps of TV-L1 (see the package) in one pass over the image: u and v
    of a row, then p of the row above it, whose neighbours are ready by then.
    Several iterations share a pass, each one row behind the one before it, so
    that a row is fetched once for all of them. The first of them reads one
    state and writes the other: if one turns out to be the last, those after it
    were too many, and the pass begins anew with fewer. So the result does not
    depend on how iterations are grouped.

    `old` says which of the two states (see `layout`) is given, 0 or 1; what row
    0 holds of the other must be zero, too. `inside`, float32 `[2, padded]`, is
    0, and step * theta for pixels of the image; `padded` is its width as a
    whole number of vectors. The last arguments are `stop`, `most` and
    `expected`, a guess at the number of iterations that decides the first pass.
    Returns the number of iterations, the last sum of squared changes of (U, V),
    which is compared with `stop`, and which state is the result.
    """
    line = _index(2 * PLANES * pitch)
    margin = _index(MARGIN)
    p12_, p22_ = _index(P12 * pitch), _index(P22 * pitch)
    planes = _index(PLANES * pitch)
    pitch = _index(pitch)
    first, second = _index(0), _index(PLANES)

    @compile_kernel
    def iterate(
        state,
        data,
        inside,
        height,
        width,
        padded,
        old,
        stop,
        most,
        expected,
    ):
        tune()
        changes = np.zeros(most)
        done = 0
        size = min(max(3 * expected // 5, 1), 8, most)
        while size > 0:
            new = 1 - old if size > 1 else old
            # One loop for two: if y were seen to fall while k rises, LLVM would
            # not use vectors.
            for job in range((height + size) * size):
                turn = job // size
                k = job - turn * size
                y = turn + 1 - k
                if y < 1 or y > height + 1:
                    continue
                row = _index(y)
                source = old if k == 0 else new
                theta = inside[1]
                if y > height:
                    # Below the image (u, v) goes on as in its last row.
                    theta = inside[0]
                    at = row * line + margin
                    for x in range(at, at + padded):
                        for plane in (U, V):
                            state[x + _index(source * PLANES + plane) * pitch] = (
                                state[x - line + _index(new * PLANES + plane) * pitch]
                            )
                args = state, data, theta, row, width, padded, pitch
                if source == 0:
                    if new == 0:
                        change = _update(*args, first, first)
                    else:
                        change = _update(*args, first, second)
                elif new == 0:
                    change = _update(*args, second, first)
                else:
                    change = _update(*args, second, second)
                changes[done + k] += change
                if y == 1:  # Above the first row nothing moves.
                    start = _index(new) * planes + margin
                    for x in range(start, start + padded):
                        state[x + p12_] = state[x + p22_] = 0
            last = done
            while last < done + size - 1 and changes[last] > stop:
                last += 1
            if last < done + size - 1:
                most, stop = last + 1, -1.0
                changes[done:] = 0
                size = most - done
                continue
            old = new
            done += size
            size = 0
            if changes[last] > stop:
                size = min(_next_group(changes, done, stop), most - done)
        return done, changes[done - 1], old

    return iterate
