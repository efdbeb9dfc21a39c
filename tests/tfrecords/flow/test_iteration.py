"""Some iterations against the formulas, written down with numpy in float64."""

import numpy as np
import pytest

from d3d_tf.tfrecords.flow.iteration import iteration_kernel
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
)
from tests.tfrecords.flow.scenes import blank_state

LAMBDA, THETA, TAU = 0.15, 0.3, 0.25
STEP = TAU / THETA


def gradient(f):
    """Forward differences; zero at the last row and column."""
    across, down = np.zeros_like(f), np.zeros_like(f)
    across[:, :-1] = f[:, 1:] - f[:, :-1]
    down[:-1] = f[1:] - f[:-1]
    return across, down


def divergence(across, down):
    """Backward differences; what lies before the first is zero."""
    result = across + down
    result[:, 1:] -= across[:, :-1]
    result[1:] -= down[:-1]
    return result


def threshold(rho, gx, gy):
    """v - u of Zach, Pock and Bischof (2007), proposition 3."""
    square = gx**2 + gy**2
    limit = LAMBDA * THETA
    factor = np.where(
        rho < -limit * square,
        limit,
        np.where(
            rho > limit * square,
            -limit,
            -rho / np.where(square > 0, square, 1),
        ),
    )
    return factor * gx, factor * gy


def expected(flow, duals, gx, gy, rho, times):
    """Returns flow, duals and the last sum of squared changes."""
    flow, duals = list(flow), [list(d) for d in duals]
    for _ in range(times):
        steps = threshold(rho + gx * flow[0] + gy * flow[1], gx, gy)
        old = flow
        flow = [
            u + step + THETA * divergence(*dual)
            for u, step, dual in zip(flow, steps, duals, strict=True)
        ]
        change = sum(((a - b) ** 2).sum() for a, b in zip(flow, old, strict=1))
        for u, dual in zip(flow, duals, strict=True):
            ux, uy = gradient(u)
            length = 1 + TAU / THETA * np.hypot(ux, uy)
            dual[0] = (dual[0] + TAU / THETA * ux) / length
            dual[1] = (dual[1] + TAU / THETA * uy) / length
    return flow, duals, change


class Problem:
    """Random flow, duals and gradients; 255 grey levels, some of them flat."""

    def __init__(self, height, width, seed=0, current=0):
        rng = np.random.default_rng(seed)
        shape = (height, width)
        self.state, self.rows = blank_state(height, width)
        self.current = current
        self.flow = rng.normal(0, 2, (2, *shape))
        self.duals = rng.uniform(-0.7, 0.7, (2, 2, *shape))
        # The last dual in a direction is never used: its gradient is zero.
        self.duals[:, 0, :, -1] = 0
        self.duals[:, 1, -1] = 0
        self.gx, self.gy = rng.normal(0, 20, (2, *shape))
        flat = rng.random(shape) < 0.2
        self.gx[flat] = self.gy[flat] = 0
        self.rho = rng.normal(0, 30, shape)
        length = np.hypot(self.gx, self.gy)
        inverse = np.where(flat, 0, 1 / np.where(flat, 1, length))
        given = {
            U: STEP * self.flow[0],
            V: STEP * self.flow[1],
            P11: self.duals[0, 0],
            P12: self.duals[0, 1],
            P21: self.duals[1, 0],
            P22: self.duals[1, 1],
        }
        for plane, values in given.items():
            self.planes()[:, plane] = values
        data = {
            NX: inverse * self.gx,
            NY: inverse * self.gy,
            RHO: STEP * inverse * self.rho,
            LIMIT: STEP * LAMBDA * THETA * length,
        }
        for plane, values in data.items():
            self.rows[:, plane] = values

    def planes(self):
        """What an iteration changes, `[height, 6, width]`."""
        start = STARTS[self.current]
        return self.rows[:, start : start + 6]

    def iterate(self, most, stop=-1.0, expected=6):
        height, _, width = self.rows.shape
        padded = -(-width // 32) * 32
        inside = np.zeros((2, padded), np.float32)
        inside[1, :width] = STEP * THETA
        count, change, self.current = iteration_kernel(544)(
            self.state,
            inside,
            height,
            np.uint64(width),
            np.uint64(padded),
            self.current,
            stop,
            most,
            expected,
        )
        return count, change


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (2, 3), (31, 64)])
@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("current", [0, 1])
def test_iterations(size, times, current):
    problem = Problem(*size, current=current)
    flow, duals, change = expected(
        problem.flow,
        problem.duals,
        problem.gx,
        problem.gy,
        problem.rho,
        times,
    )
    count, found = problem.iterate(times)
    assert count == times
    assert found == pytest.approx(STEP**2 * change, rel=1e-4)
    for plane, values in {
        U: STEP * flow[0],
        V: STEP * flow[1],
        P11: duals[0][0],
        P12: duals[0][1],
        P21: duals[1][0],
        P22: duals[1][1],
    }.items():
        np.testing.assert_allclose(
            problem.planes()[:, plane], values, atol=1e-4, err_msg=str(plane)
        )


def test_it_ends_when_little_changes():
    """At the first iteration whose change is not above `stop`, not before."""
    changes = []
    for times in range(1, 9):
        problem = Problem(16, 24)
        changes.append(problem.iterate(times)[1])
    assert changes == sorted(changes, reverse=True)
    problem = Problem(16, 24)
    count, last = problem.iterate(100, stop=(changes[3] + changes[4]) / 2)
    assert count == 5
    assert last == changes[4]


@pytest.mark.parametrize("size", [(16, 24), (17, 40)])
def test_how_iterations_are_grouped_decides_nothing(size):
    """A pass has one or up to eight of them at first, and may be too long.

    Then it begins anew.
    """
    one_by_one = Problem(*size)
    changes = []
    for times in range(1, 21):
        changes.append(one_by_one.iterate(1)[1])
        stops = [-1.0]
        if changes[-1] == min(changes):
            stops.append(changes[-1])
        for expected in (0, 3, 5, 30):
            for stop in stops:
                problem = Problem(*size)
                most = times if stop < 0 else 30
                count, last = problem.iterate(most, stop, expected)
                assert (count, last) == (times, changes[-1])
                np.testing.assert_array_equal(
                    problem.planes(), one_by_one.planes()
                )


def test_where_nothing_pulls_a_constant_flow_stays():
    problem = Problem(16, 24)
    problem.rows[:] = 0
    problem.rows[:, U] = 1.5
    problem.rows[:, V] = -2
    count, change = problem.iterate(50, stop=0.0)
    assert (count, change) == (1, 0.0)
    assert (problem.planes()[:, U] == 1.5).all()
    assert (problem.planes()[:, V] == -2).all()


def test_what_lies_around_the_image_plays_no_part():
    """Rubbish right of it and below, as the median leaves it there."""
    clean, soiled = Problem(16, 20), Problem(16, 20)
    rows = soiled.state.reshape(18, PLANES, 544)
    # The margin's first pixel and the planes that pull are kept at zero.
    rng = np.random.default_rng(1)
    right = MARGIN + 21
    rows[1:-1, : P22 + 1, right : right + 11] = rng.normal(0, 9, (16, 6, 11))
    rows[-1, : P22 + 1, MARGIN : right + 11] = rng.normal(0, 9, (6, 32))
    found = [problem.iterate(6) for problem in (clean, soiled)]
    assert found[0] == found[1]
    np.testing.assert_array_equal(clean.planes(), soiled.planes())
