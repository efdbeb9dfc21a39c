"""The layout of TV-L1's state in memory, and options of its compiled loops.

Everything that changes in an iteration lies in one flat float32 array, row by
row, with the planes of a row one after the other at a constant `pitch`:

    state[(row * PLANES + plane) * pitch + MARGIN + x],  image row y = row - 1

Row 0 is a row of zeros above the image. The constant distances between the
planes tell the compiler that no plane overlaps another. Otherwise it would have
to test this at run time, which it does not do for so many planes, and would not
use the vector units. Offsets are unsigned, because negative ones have a meaning
in numba.
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
PLANES = 10
U, V, P11, P12, P21, P22, RHO, GX, GY, INVERSE = range(PLANES)


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
    numba.njit, fastmath={"nsz", "nnan", "ninf"}, forceinline=True
)

# As numba's types have it, calls would need the argument that numba adds.
intrinsic: Callable[..., Any] = numba.extending.intrinsic


@intrinsic
def widen(typingctx):
    """Makes vectors as wide as the processor's in the function that calls this.

    By itself LLVM takes half of the 512 bits that Intel's processors have.
    """

    def generate(context, builder, signature, arguments):
        # llvmlite's own `add` knows no attributes that have values.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return numba.types.none(), generate
