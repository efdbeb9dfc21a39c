"""How the state of TV-L1 lies in memory, and how its loops are compiled.

Everything that changes in an iteration lies in one flat float32 array, row by
row, with the planes of a row one after the other at a constant `pitch`:

    state[(row * PLANES + plane) * pitch + MARGIN + x],  image row y = row - 1

Row 0 is a row of zeros above the image. With constant distances between the
planes the compiler knows that no plane overlaps another, which it would have to
test at run time otherwise, and does not for so many; so it uses the vector
units. Offsets are unsigned, since numba gives negative ones a meaning.
"""

import functools
from collections.abc import Callable
from typing import Any

import numba

# Pixels left of the image, so that its first one is aligned with a vector.
MARGIN = 16
PLANES = 11
U, V, P11, P12, P21, P22, GX, GY, RHO, INVERSE, VALUE = range(PLANES)

_FAST = {"nsz", "arcp", "contract", "reassoc", "afn", "nnan", "ninf"}
compile_kernel: Callable[..., Any] = functools.partial(
    numba.njit, fastmath=_FAST, error_model="numpy", nogil=True, cache=True
)
