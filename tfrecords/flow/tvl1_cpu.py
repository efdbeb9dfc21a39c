"""TV-L1 on CPU cores, compiled by numba: the default backend."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.screen import say
from d3d_tf.tfrecords.flow.solver import Solver, pitch_for

TELL_AFTER_SECONDS = 2.0
_LOCK = threading.Lock()
_compiled: set[tuple[int, int]] = set()
# Of the last size and recipe: their arrays are worth keeping.
_idle: dict[tuple[int, int, FlowRecipe], list] = {}


def tvl1(
    frames: np.ndarray, recipe: FlowRecipe, *, threads: int = 1
) -> np.ndarray:
    """Flow from every frame to the next; see `tvl1_flow`.

    Args:
      frames: uint8 `[time, height, width]`.
      recipe: the parameters.
      threads: pairs that are computed at once; the result does not depend on
        it.

    Raises:
      ValueError: a frame is wider than 8,000 pixels.
    """
    pairs = len(frames) - 1
    height, width = frames.shape[1:]
    flow = np.empty((pairs, height, width, 2), np.float32)

    def solve(indices: range) -> None:
        with _borrowed_solver(height, width, recipe) as solver:
            for index in indices:
                solver(frames[index], frames[index + 1], flow[index])

    threads = min(threads, pairs)
    if threads == 1:
        solve(range(pairs))
    else:
        shares = [range(k, pairs, threads) for k in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(solve, shares):
                pass
    return flow


@contextlib.contextmanager
def _borrowed_solver(height: int, width: int, recipe: FlowRecipe):
    """Lends a solver that no other thread uses meanwhile."""
    key = height, width, recipe
    code = pitch_for(width), recipe.median_filtering
    with _LOCK:
        if code not in _compiled:
            _compile(*code)
            _compiled.add(code)
        if key not in _idle:
            _idle.clear()
            _idle[key] = []
        solver = _idle[key].pop() if _idle[key] else None
    solver = solver or Solver(height, width, recipe)
    yield solver
    with _LOCK:
        if key in _idle:
            _idle[key].append(solver)


def _compile(pitch: int, median_filtering: int) -> None:
    """Compiles on a tiny pair, or loads the code that an earlier run kept."""
    recipe = FlowRecipe(
        median_filtering=median_filtering,
        warps=1,
        inner_iterations=1,
        outer_iterations=1,
    )
    solver = Solver(32, 32, recipe, pitch)

    def tell():
        if any(kernel.stats.cache_misses for kernel in solver.kernels()):
            say("compiling TV-L1 for this processor (once; the code is kept)")

    timer = threading.Timer(TELL_AFTER_SECONDS, tell)
    timer.start()
    blank = np.zeros((32, 32), np.float32)
    try:
        solver(blank, blank, np.empty((32, 32, 2), np.float32))
    finally:
        timer.cancel()
