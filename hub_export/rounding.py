"""How far rounding alone may move what a network says.

Two right programs round differently. In most trained networks their answers
then differ by 1e-6; deep ones with synthetic or hardly settled weights enlarge
it by a factor of hundreds. What a network itself makes of the last bit of its
input is the yardstick: from the first layer on every number is another one in
its last bits, so every later rounding is drawn anew. Changing all weights in
their last bits as well moves answers no further (S3D-G of 64 frames: 4e-5 to
5e-5 of the largest feature, with the weights 4e-5 to 1e-4; folding: 5e-5).
"""

from collections.abc import Callable

import numpy as np

# What is always allowed, of the largest output.
TOLERANCE = 1e-5
# Measured: folding, other kernels and Grappler come to 0.3 to 3 times the
# largest of two draws.
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


def sensitivity(
    answer: Callable[[np.ndarray], dict], frames: np.ndarray, expected: dict
) -> float:
    """How far the last bit of every value of a clip moves the answers.

    Args:
      answer: clips to outputs by name; it is asked twice.
      frames: float32, clips in any range.
      expected: the answer to them.

    Returns:
      The largest `difference` of any output; NaN where answers are not finite.
    """
    found = []
    for seed in range(_DRAWS):
        moved = answer(_last_bit(frames, seed))
        found += [difference(expected[name], moved[name]) for name in expected]
    return float(np.max(found))


def allowed(sensitivity: float) -> float:
    """How far two right programs may differ, from 1e-5 to 1e-2."""
    # NaN is no more than anything, and no less.
    if not sensitivity * MULTIPLE <= CEILING:
        return CEILING
    return max(TOLERANCE, sensitivity * MULTIPLE)


def _last_bit(frames: np.ndarray, seed: int) -> np.ndarray:
    """Every value is the next larger or the next smaller float32."""
    up = np.random.default_rng(seed).integers(0, 2, frames.shape, np.uint8)
    towards = np.where(up, np.float32(np.inf), np.float32(-np.inf))
    return np.nextafter(frames, towards)
