"""The iteration of TV-L1, compiled by numba for the processor it runs on."""

# The types are numba's.
# mypy: disable-error-code="assignment"

import functools

import numpy as np

from d3d_tf.tfrecords.flow.layout import (
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
    STARTS,
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
    return min(GROUP, max(1, int(np.log(last / stop) / slope)))


@inline
def _update(state, inside, y, width, padded, pitch, old, new):
    """(u, v) of row y and duals of the row above; returns the sum of changes.

    `old` and `new` are where the first planes of both states are.
    """
    u_, v_ = _index(U) * pitch, _index(V) * pitch
    p11_, p12_ = _index(P11) * pitch, _index(P12) * pitch
    p21_, p22_ = _index(P21) * pitch, _index(P22) * pitch
    rho_, limit_ = _index(RHO) * pitch, _index(LIMIT) * pitch
    nx_, ny_ = _index(NX) * pitch, _index(NY) * pitch
    line = _index(PLANES) * pitch
    one, unit = _index(1), _float(1)
    start = y * line + _index(MARGIN)
    change = _float(0)
    for x in range(padded):
        here = start + x
        above = here - line
        at, at_above = here + old, above + old
        u = state[at + u_]
        v = state[at + v_]
        nx = state[here + nx_]
        ny = state[here + ny_]
        limit = state[here + limit_]
        shift = state[here + rho_] + nx * u + ny * v
        shift = min(max(shift, -limit), limit)
        theta = inside[x]
        p12 = state[at_above + p12_]
        p22 = state[at_above + p22_]
        sources_u = state[at + p11_] - state[at + p11_ - one]
        sources_v = state[at + p21_] - state[at + p21_ - one]
        sources_u += state[at + p12_] - p12
        sources_v += state[at + p22_] - p22
        new_u = u - shift * nx + theta * sources_u
        new_v = v - shift * ny + theta * sources_v
        change += (new_u - u) * (new_u - u)
        change += (new_v - v) * (new_v - v)
        p11 = state[at_above + p11_]
        p21 = state[at_above + p21_]
        at, at_above = here + new, above + new
        state[at + u_] = new_u
        state[at + v_] = new_v
        u = state[at_above + u_]
        v = state[at_above + v_]
        ux = state[at_above + u_ + one] - u
        uy = new_u - u
        vx = state[at_above + v_ + one] - v
        vy = new_v - v
        norm_u = unit / (unit + np.sqrt(ux * ux + uy * uy))
        norm_v = unit / (unit + np.sqrt(vx * vx + vy * vy))
        state[at_above + p11_] = (p11 + ux) * norm_u
        state[at_above + p12_] = (p12 + uy) * norm_u
        state[at_above + p21_] = (p21 + vx) * norm_v
        state[at_above + p22_] = (p22 + vy) * norm_v
    # The difference to a missing right neighbour is 0.
    end = start + width + new
    state[end + u_] = state[end + u_ - one]
    state[end + v_] = state[end + v_ - one]
    return change


@functools.cache
def iteration_kernel(pitch: int):
    """`iterate(state, inside, height, width, padded, old, stop, ...)`.

    Both steps of TV-L1 (see the package) in one pass over the image: u and v
    of a row, then p of the row above it, whose neighbours are ready by then.
    Several iterations share a pass, each one row behind the one before it, so
    that a row is fetched once for all of them. The first of them reads one
    state and writes the other: if one turns out to be the last, those after it
    were too many, and the pass begins anew with fewer. So the result does not
    depend on how iterations are grouped.

    `state` has room for two states (see `layout`), and `old` says which one is
    given, 0 or 1; row 0 of the other must be zero, too. `inside`, float32
    `[2, padded]`, is 0, and step * theta for pixels of the image; `padded` is
    its width as a whole number of vectors. The last arguments are `stop`,
    `most` and `expected`, a guess at the number of iterations that decides the
    first pass. Returns the number of iterations, the last sum of squared
    changes of (U, V), which is compared with `stop`, and which state is the
    result.
    """
    line = _index(PLANES * pitch)
    margin = _index(MARGIN)
    u_, v_, p12_, p22_ = (_index(plane * pitch) for plane in (U, V, P12, P22))
    first, second = (_index(start * pitch) for start in STARTS)
    pitch = _index(pitch)

    @compile_kernel
    def iterate(
        state,
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
            target = second if new else first
            # One loop for two: if y were seen to fall while k rises, LLVM would
            # not use vectors.
            for job in range((height + size) * size):
                turn = job // size
                k = job - turn * size
                y = turn + 1 - k
                if y < 1 or y > height + 1:
                    continue
                given = old if k == 0 else new
                theta = inside[1]
                row = _index(y)
                if y > height:
                    # Below the image (u, v) goes on as in its last row.
                    theta = inside[0]
                    source = second if given else first
                    at = row * line + margin
                    for x in range(at, at + padded):
                        above = x - line + target
                        state[x + source + u_] = state[above + u_]
                        state[x + source + v_] = state[above + v_]
                args = state, theta, row, width, padded, pitch
                if given and new:
                    change = _update(*args, second, second)
                elif given:
                    change = _update(*args, second, first)
                elif new:
                    change = _update(*args, first, second)
                else:
                    change = _update(*args, first, first)
                changes[done + k] += change
                if y == 1:  # Above the first row nothing moves.
                    for x in range(margin + target, margin + target + padded):
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
