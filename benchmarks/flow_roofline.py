"""What bounds TV-L1's iteration: arithmetic, caches or memory."""

import dataclasses
import time
from collections.abc import Callable

import numpy as np

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow.layout import LIMIT, MARGIN, PLANES, RHO
from d3d_tf.tfrecords.flow.solver import Solver

# Of one pixel in one iteration, counted in iteration.py: ten floats are read
# (u, v, four duals, gradient, residual, limit) and six written.
BYTES = 4 * (10 + 6)
OPERATIONS = 51  # Of them two square roots and two divisions.


def roofline() -> dict[str, float]:
    """Nanoseconds per pixel and iteration, and how fast memory is."""
    return {
        "ns_256x340": nanoseconds_per_pixel_iteration(256, 340),
        "ns_one_by_one": nanoseconds_per_pixel_iteration(256, 340, 60),
        "ns_24x340": nanoseconds_per_pixel_iteration(24, 340),
        "copy_gb_per_s": bandwidth(),
    }


def in_words(roof: dict[str, float]) -> str:
    """`roofline` as docs/flow.md has it."""
    return (
        f"One pixel in one iteration is {BYTES} bytes and {OPERATIONS} "
        "operations, two of them square roots and two divisions. It takes "
        f"{roof['ns_256x340']:.2f} ns at 256 x 340 if up to twelve iterations "
        f"share a pass, {roof['ns_one_by_one']:.2f} ns if none do, and "
        f"{roof['ns_24x340']:.2f} ns where all of it fits into the "
        "second-level cache (24 x 340); this core copies "
        f"{roof['copy_gb_per_s']:.0f} GB/s from and to memory."
    )


def nanoseconds_per_pixel_iteration(
    height: int, width: int, calls: int = 1
) -> float:
    """Of the inner loop alone, the best of some: 60 iterations in `calls`."""
    most = 60 // calls
    solver = Solver(height, width, dataclasses.replace(FlowRecipe(), scales=1))
    (scale,) = solver.scales
    rng = np.random.default_rng(0)
    scale.rows()[:] = rng.normal(0, 5, scale.rows().shape)
    rows = scale.state.reshape(-1, PLANES, scale.pitch)
    rows[1:-1, RHO : LIMIT + 1, MARGIN : MARGIN + width] = 0.5

    def iterate_all():
        for _ in range(calls):
            solver.iterate(
                scale.state,
                scale.inside,
                height,
                np.uint64(width),
                np.uint64(scale.padded),
                0,
                0.0,
                most,
                most,
            )

    best = min(_seconds(iterate_all) for _ in range(7))
    return 1e9 * best / (calls * most) / height / width


def bandwidth() -> float:
    """GB/s that one core copies from and to memory that no cache holds."""
    source = np.ones(2**26, np.float32)
    target = np.empty_like(source)
    best = min(_seconds(lambda: np.copyto(target, source)) for _ in range(5))
    return 2 * source.nbytes / best / 1e9


def _seconds(call: Callable[[], object]) -> float:
    """Processor time of this thread."""
    start = time.thread_time()
    call()
    return time.thread_time() - start
