"""Who wrote a checkpoint, and which of our variables each of its names is.

Three families, told apart by the names of their variables and the rank of
their kernels:

  slim      TF-Slim's s3dg.py and i3d.py, the D3D authors' own:
            `SCOPE/UNIT/weights`, `.../BatchNorm/beta`, `.../temporal/biases`
  deepmind  kinetics-i3d (Sonnet 1): `SCOPE/UNIT/conv_3d/w`,
            `.../batch_norm/beta`; the unit's `Conv2d` is `Conv3d`
  slim2d    TF-Slim's inception_v1.py: as slim, kernels [h, w, in, out]
"""

import dataclasses
import re

from d3d_tf.errors import UserError

FAMILIES = {
    "slim": "TF-Slim S3D-G or I3D (the family of the D3D authors)",
    "deepmind": "DeepMind kinetics-i3d",
    "slim2d": "TF-Slim Inception-v1, a network of pictures",
}
_BATCH_NORM = ("beta", "moving_mean", "moving_variance")
# Leaf in the file: ours.
_SLIM = {
    "weights": "weights",
    "biases": "biases",
    "temporal/weights": "temporal/weights",
    "temporal/biases": "temporal/biases",
    "self_gating/transformer_W/weights": "self_gating/transformer_W/weights",
} | {f"BatchNorm/{x}": f"BatchNorm/{x}" for x in _BATCH_NORM}
_DEEPMIND = {"conv_3d/w": "weights", "conv_3d/b": "biases"} | {
    f"batch_norm/{x}": f"BatchNorm/{x}" for x in _BATCH_NORM
}
_VARIABLE = re.compile(
    r"(?P<scope>(?:[^/]+/)*?)"
    r"(?P<unit>(?:(?:Mixed_\w+/Branch_\d|Logits)/)?Conv[23]d_\d\w_\dx\d)/"
    r"(?P<leaf>.+)"
)
_AVERAGE = "ExponentialMovingAverage"
_SLOT = re.compile(
    rf"(?P<owner>.+)/(?P<slot>{_AVERAGE}|Momentum|Adam(?:_\d+)?|Adagrad|"
    r"RMSProp(?:_\d+)?)"
)
_COUNTER = re.compile(r"(?:.+/)?(?:global_step|beta[12]_power)(?:_\d+)?")


@dataclasses.dataclass(frozen=True)
class Contents:
    """What the names of a checkpoint mean.

    Attributes:
      family: a key of `FAMILIES`.
      scope: what stands before the units' names, ending in `/` or empty.
      names: our name of a variable: its name in the file.
      skipped: name in the file of what is no weight: why it is not used.
    """

    family: str
    scope: str
    names: dict[str, str]
    skipped: dict[str, str]


def recognise(
    shapes: dict[str, tuple[int, ...]],
    *,
    scope: str | None = None,
    averages: bool = False,
) -> Contents:
    """Sorts the names of a checkpoint; every one is used or has a reason.

    Args:
      shapes: of the variables, by name.
      scope: which network, if the file holds several.
      averages: take a weight's moving average over the training steps (TF1's
        `ExponentialMovingAverage`) where the file has one.

    Raises:
      UserError: unknown variables, several networks, or no known family.
    """
    parsed, skipped = _sorted_names(shapes)
    chosen = _chosen_scope({x[1] for x in parsed.values()}, scope)
    names: dict[str, str] = {}
    styles: dict[str, str] = {}
    for name, (style, where, ours) in parsed.items():
        if where != chosen:
            skipped[name] = f"of another network, {where}"
            continue
        if ours in names:
            raise UserError(f"{names[ours]} and {name} are one variable.")
        names[ours] = name
        styles[name] = style
        average = f"{name}/{_AVERAGE}"
        if averages and average in shapes:
            names[ours] = average
            del skipped[average]
            skipped[name] = "its moving average is used"
    return Contents(_family(styles, shapes), chosen, names, skipped)


def _sorted_names(
    shapes: dict[str, tuple[int, ...]],
) -> tuple[dict[str, tuple[str, str, str]], dict[str, str]]:
    """What each weight's name means, see `_parse`; and why others are none.

    Raises:
      UserError: there are no weights, or names that mean nothing.
    """
    parsed, skipped, unknown = {}, {}, []
    for name in shapes:
        slot = _SLOT.fullmatch(name)
        if slot and slot["owner"] in shapes:
            skipped[name] = f"the optimizer's {slot['slot']}"
            if slot["slot"] == _AVERAGE:
                skipped[name] = (
                    "the moving average of a weight; --set averages=true "
                    "takes it"
                )
        elif _COUNTER.fullmatch(name):
            skipped[name] = "a counter of the training"
        elif meaning := _parse(name):
            parsed[name] = meaning
        else:
            unknown.append(name)
    if not parsed:
        raise UserError(
            "No known network: no variable is called as in "
            f"{', or '.join(FAMILIES.values())}. The first of {len(shapes)} "
            f"names: {', '.join(sorted(shapes)[:3])}."
        )
    if unknown:
        raise UserError(
            f"{len(unknown)} surplus variables, which no network here has: "
            f"{_some(unknown)}."
        )
    return parsed, skipped


def _parse(name: str) -> tuple[str, str, str] | None:
    """Style, scope and our name of a variable; None for an unknown one."""
    match = _VARIABLE.fullmatch(name)
    if not match:
        return None
    unit, leaf = match["unit"].replace("Conv3d", "Conv2d"), match["leaf"]
    # DeepMind's and the 2-D network's Mixed_5b has this slip of the pen.
    if "Branch_2/" in unit:
        unit = unit.replace("Conv2d_0a_3x3", "Conv2d_0b_3x3")
    if leaf in _SLIM:
        return "slim", match["scope"], f"{unit}/{_SLIM[leaf]}"
    if leaf in _DEEPMIND:
        return "deepmind", match["scope"], f"{unit}/{_DEEPMIND[leaf]}"
    return None


def _chosen_scope(scopes: set[str], wanted: str | None) -> str:
    if wanted is not None:
        wanted = f"{wanted.rstrip('/')}/" if wanted else ""
        if wanted not in scopes:
            raise UserError(
                f"No network has the scope {wanted!r}; there are "
                f"{', '.join(map(repr, sorted(scopes)))}."
            )
        return wanted
    if len(scopes) > 1:
        raise UserError(
            f"The file holds {len(scopes)} networks; choose one with --set "
            f"scope=SCOPE: {', '.join(sorted(scopes))}."
        )
    return scopes.pop()


def _family(styles: dict[str, str], shapes: dict) -> str:
    by_style: dict[str, list[str]] = {}
    for name, style in styles.items():
        kernel = name.endswith(("weights", "/w"))
        if style == "slim" and kernel and len(shapes[name]) == 4:
            style = "slim2d"
        elif not kernel:
            style = {"slim": "", "deepmind": "deepmind"}[style]
        if style:
            by_style.setdefault(style, []).append(name)
    if len(by_style) != 1:
        few = min(by_style, key=lambda s: len(by_style[s])) if by_style else ""
        raise UserError(
            f"Variables of several families ({', '.join(by_style) or 'none'}) "
            f"are mixed; check {_some(by_style.get(few, list(styles)))}."
        )
    (family,) = by_style
    return family


def _some(names: list[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
