"""The options of a network, read off the shapes of its variables."""

import math
from collections import Counter
from fractions import Fraction

from d3d_tf.errors import UserError
from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.checkpoints.variable_names import endpoint
from d3d_tf.models.inception.table import ENDPOINTS, TRUNK, Conv, Mixed

Shapes = dict[str, tuple[int, ...]]
FIRST = "Conv2d_1a_7x7/weights"
STREAM_OF_CHANNELS = {3: "frames", 2: "flow"}
DEFAULT_MIN_DEPTH = 16


def read_stream(shapes: Shapes) -> str:
    """`frames` or `flow`, from the channels of the first kernel.

    Raises:
      UserError: the kernel is missing, or has neither 3 nor 2 channels.
    """
    if FIRST not in shapes:
        raise UserError(f"The variable {FIRST} is missing.")
    shape = shapes[FIRST]
    channels = shape[-2] if len(shape) > 3 else None
    if channels not in STREAM_OF_CHANNELS:
        raise UserError(
            f"{FIRST} has the shape {list(shape)}; a network of RGB has 3 "
            "input channels, one of flow 2."
        )
    return STREAM_OF_CHANNELS[channels]


def read_num_classes(shapes: Shapes) -> int:
    """Logits of the head.

    Raises:
      UserError: there is no head.
    """
    for name in HEAD_NAMES:
        if shapes.get(name):
            return shapes[name][-1]
    raise UserError(f"The variables {' and '.join(HEAD_NAMES)} are missing.")


def read_time(shapes: Shapes, said: dict) -> dict:
    """Options of a 3-D network that concern time and gates.

    Args:
      shapes: of the variables, by our names.
      said: fields that the user stated.

    Returns:
      Fields of a `InceptionRecipe`.

    Raises:
      UserError: no network here is like that.
    """
    gates = {endpoint(name) for name in shapes if "/self_gating/" in name}
    halves = {endpoint(name) for name in shapes if "/temporal/" in name}
    cubes = {
        endpoint(name)
        for name, shape in shapes.items()
        if name.endswith("_3x3/weights") and len(shape) == 5 and shape[0] == 3
    }
    first = shapes[FIRST][0]
    if first not in (1, 3, 5, 7):
        raise UserError(
            f"{FIRST} has the shape {list(shapes[FIRST])}; a first kernel "
            "spans 1, 3, 5 or 7 frames."
        )
    if halves or gates:
        model = "s3dg" if gates else "s3d"
    else:
        model = "i3d" if cubes or first == 7 else "s3d"
    if gates and not halves and cubes:
        raise UserError(
            f"Gates (at {min(gates)}) together with full 3 x 3 x 3 kernels (at "
            f"{min(cubes)}): no network here has both."
        )
    fields = {
        "model": model,
        "first_temporal_kernel": first,
        "temporal_conv_start_at": _start(halves or cubes),
    }
    if gates:
        fields["gating_start_at"] = _start(gates)
    # One variable less is either this option or a damaged file.
    if _start(gates) == "Mixed_3b" and "gating_start_at" not in said:
        raise UserError(
            "The variable Conv2d_2c_3x3/self_gating/transformer_W/weights is "
            "missing. If the network was built without it, say so with --set "
            "gating_start_at=Mixed_3b."
        )
    return fields


def _start(endpoints: set[str]) -> str | None:
    known = [name for name in ENDPOINTS if name in endpoints]
    return known[0] if known else None


def read_width(shapes: Shapes) -> dict:
    """`depth_multiplier` and `min_depth`, from the channels of all units.

    TF-Slim's rule is `max(int(channels * multiplier), min_depth)`. Where units
    contradict each other, the answer is what most of them say; comparing
    shapes later names the others.
    """
    pairs = [
        (channels, shapes[name][-1])
        for name, channels in _full_widths().items()
        if shapes.get(name)
    ]
    widths = Counter(width for _, width in pairs)
    least = min(widths)
    depths = dict.fromkeys(
        [
            *([DEFAULT_MIN_DEPTH] if least >= DEFAULT_MIN_DEPTH else []),
            least,
            widths.most_common(1)[0][0],
        ]
    )
    candidates = [(m, d) for d in depths for m in _multipliers(pairs, d)]

    def fitting(candidate) -> int:
        multiplier, depth = candidate
        return sum(
            max(int(full * multiplier), depth) == width for full, width in pairs
        )

    multiplier, depth = max(candidates, key=fitting)
    return {"depth_multiplier": multiplier, "min_depth": depth}


def _multipliers(pairs: list[tuple[int, int]], min_depth: int) -> list[float]:
    """Candidates: the one that fits all units, then each unit's own."""
    free = {(full, width) for full, width in pairs if width > min_depth}
    if not free:
        # Every unit is at the least depth: any small multiplier is the same.
        return [min_depth / max(full for full, _ in pairs)]
    ranges = [(Fraction(w, f), Fraction(w + 1, f)) for f, w in sorted(free)]
    low, high = max(r[0] for r in ranges), min(r[1] for r in ranges)
    if low < high:
        return [_float(_simplest(low, high))]
    return [_float(_simplest(*r)) for r in ranges]


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction in [low, high) with the smallest denominator."""
    denominator = 1
    while True:
        numerator = math.ceil(low * denominator)
        if Fraction(numerator, denominator) < high:
            return Fraction(numerator, denominator)
        denominator += 1


def _float(fraction: Fraction) -> float:
    """The next float that is not below the fraction, so `int` cuts right."""
    value = float(fraction)
    return value if Fraction(value) >= fraction else math.nextafter(value, 9e9)


def _full_widths() -> dict[str, int]:
    """Channels of every unit's kernel at depth multiplier 1, by name."""
    found = {}
    for name, row in TRUNK.items():
        if isinstance(row, Conv):
            found[f"{name}/weights"] = row.channels
        elif isinstance(row, Mixed):
            paths = (
                "Branch_0/Conv2d_0a_1x1",
                "Branch_1/Conv2d_0a_1x1",
                "Branch_1/Conv2d_0b_3x3",
                "Branch_2/Conv2d_0a_1x1",
                "Branch_2/Conv2d_0b_3x3",
                "Branch_3/Conv2d_0b_1x1",
            )
            for path, channels in zip(paths, row.channels, strict=True):
                found[f"{name}/{path}/weights"] = channels
    return found
