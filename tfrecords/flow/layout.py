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
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from d3d_tf.caches import cache_folder

# Pixels left of the image, so that its first one is aligned with a vector.
MARGIN = 16
PLANES = 11
U, V, P11, P12, P21, P22, GX, GY, RHO, INVERSE, VALUE = range(PLANES)


def keeps_code() -> bool:
    """Has numba keep compiled code where it can; whether it can at all.

    By itself it takes the folder of the sources or the user's cache, and raises
    an error where it may write in neither.
    """
    config: Any = numba.config
    here = Path(__file__).parent
    inside = here / "__pycache__"
    if not (
        config.CACHE_DIR
        or os.access(inside if inside.exists() else here, os.W_OK)
    ):
        folder = cache_folder()
        config.CACHE_DIR = str(folder / "numba") if folder else ""
        return folder is not None
    return True


_FAST = {"nsz", "arcp", "contract", "reassoc", "afn", "nnan", "ninf"}
compile_kernel: Callable[..., Any] = functools.partial(
    numba.njit,
    fastmath=_FAST,
    error_model="numpy",
    nogil=True,
    cache=keeps_code(),
)
