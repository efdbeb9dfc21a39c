"""How far rounding alone may move what a network says.

Two right programs round differently. In most trained networks their answers
then differ by 1e-6; deep ones with synthetic or hardly settled weights enlarge
it by a factor of hundreds. What a network itself makes of the last bit of its
input and of its weights is the yardstick: every number in it is another one in
its last bits then, so every rounding is drawn anew. The weights are changed as
folding changes them, by one rounding each; large shifts that cancel (a beta and
the next unit's mean) swallow the input's last bit, not theirs.
"""

from collections.abc import Callable

import numpy as np

# What is always allowed, of the largest output.
TOLERANCE = 1e-5
# Measured: folding, other kernels and Grappler come to 0.3 to 3 times the
# larger of two draws.
MULTIPLE = 10
# Epsilon forgotten in all batch normalisations moves logits of S3D-G and I3D
# by 1e-2 or more (shared/goldens/networks/sensitivity.json).
CEILING = 1e-2
_DRAWS = 2


def difference(expected, value) -> float:
    """The largest one, in units of the largest expected value if above 1."""
    expected = np.float32(expected)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    return float(np.abs(value - expected).max(initial=0)) / scale


def sensitivity(answer: Callable[[int], dict], expected: dict) -> float:
    """How far last bits move the answers to a clip.

    Args:
      answer: given the number of a draw, the outputs by name that `last_bit`
        of what goes in leads to; asked twice.
      expected: those of what goes in itself.

    Returns:
      The largest `difference` of any output; NaN where answers are not finite.
    """
    found = []
    for draw in range(_DRAWS):
        moved = answer(draw)
        found += [difference(expected[name], moved[name]) for name in expected]
    return float(np.max(found))


def last_bit(values: np.ndarray, draw: int) -> np.ndarray:
    """Every value is the next larger or the next smaller float32."""
    up = np.random.default_rng(draw).integers(0, 2, values.shape, np.uint8)
    towards = np.where(up, np.float32(np.inf), np.float32(-np.inf))
    return np.nextafter(values, towards)


def allowed(sensitivity: float) -> float:
    """How far two right programs may differ, from 1e-5 to 1e-2."""
    # NaN is no more than anything, and no less.
    if not sensitivity * MULTIPLE <= CEILING:
        return CEILING
    return max(TOLERANCE, sensitivity * MULTIPLE)


def told(description: dict) -> float:
    """What a module's ways were allowed to differ by, of its `module.json`."""
    bound = description.get("bound")
    # Modules of older versions have none, and were held to the least.
    if not isinstance(bound, float) or not TOLERANCE <= bound <= CEILING:
        return TOLERANCE
    return bound
