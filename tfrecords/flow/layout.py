"""The layout of TV-L1's state in memory, and options of its compiled loops.

All that an iteration reads and writes lies in one flat float32 array, row by
row, with the planes of a row one after the other at a constant `pitch`:

    state[(row * PLANES + plane) * pitch + MARGIN + x],  image row y = row - 1

The first six planes can be in either of two places, from STARTS on; the four of
the linearised residual lie between these. Row 0 is above the image and is zero,
and the last row is below it. The constant distances between the planes tell the
compiler that no plane overlaps another. Otherwise it would have to test this at
run time, which it does not do for so many planes, and would not use the vector
units. Offsets are unsigned, because negative ones have a meaning in numba.

Iterations are cheaper in other units than pixels and grey levels. With
step = tau / theta and g = |gradient|, the planes are

    U, V: step * (u, v)         P11, P12, P21, P22: the duals of u and of v
    NX, NY: gradient / g        RHO: step * residual(0, 0) / g
    LIMIT: step * lambda * theta * g

and where the gradient vanishes, the last four are zero.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.extending

from d3d_tf.caches import cache_folder
from d3d_tf.rights import may

# Pixels left of the image, so that its first one is aligned with a vector.
MARGIN = 16
PLANES = 16
CHANGING = 6  # U to P22: what an iteration writes.
STARTS = (0, 10)
U, V, P11, P12, P21, P22, RHO, NX, NY, LIMIT = range(10)


def keeps_code() -> bool:
    """Lets numba keep compiled code; returns whether it can.

    By itself numba uses the folder of the sources or the user's cache, and
    raises an error if it may write in neither.
    """
    config: Any = numba.config
    here = Path(__file__).parent
    inside = here / "__pycache__"
    if may(inside if inside.exists() else here, os.W_OK):
        return True
    if config.CACHE_DIR:
        given = Path(config.CACHE_DIR).absolute()
        there = next(p for p in (given, *given.parents) if p.exists())
        if there.is_dir() and may(there, os.W_OK):
            return True
    folder = cache_folder()
    config.CACHE_DIR = str(folder / "numba") if folder else ""
    return folder is not None


_FAST = {"nsz", "arcp", "contract", "reassoc", "afn", "nnan", "ninf"}
compile_kernel: Callable[..., Any] = functools.partial(
    numba.njit,
    fastmath=_FAST,
    error_model="numpy",
    nogil=True,
    cache=keeps_code(),
)
inline: Callable[..., Any] = functools.partial(
    numba.njit, fastmath=_FAST, error_model="numpy", forceinline=True
)

# As numba's types have it, calls would need the argument that numba adds.
intrinsic: Callable[..., Any] = numba.extending.intrinsic


@intrinsic
def tune(typingctx):
    """Compiles the function that calls this for vectors.

    They are as wide as the processor's: by itself LLVM takes half of the 512
    bits that Intel's have. Roots are the processor's own; for old processors
    LLVM would estimate them, which takes longer on newer ones.
    """

    def generate(context, builder, signature, arguments):
        # llvmlite's own `add` knows no attributes that have values.
        for attribute in (
            '"prefer-vector-width"="512"',
            '"reciprocal-estimates"="!vec-sqrtf"',
        ):
            set.add(builder.function.attributes, attribute)
        return context.get_dummy_value()

    return numba.types.none(), generate
