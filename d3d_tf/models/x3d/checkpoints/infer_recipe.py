"""Which X3D a checkpoint is of: from shapes, and from SlowFast's settings."""

import math
import re
from typing import Any

import yaml

from d3d_tf.errors import UserError
from d3d_tf.models.x3d.checkpoints.names import FIRST
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import DEPTHS, MODELS, WIDTHS, round_width

Shapes = dict[str, tuple[int, ...]]
_BLOCK = re.compile(r"s([2-5])\.pathway0_res(\d+)\.branch2\.a\.weight")
_STAGES = (2, 3, 4, 5)
# Of factors that no published model has.
_FINEST = 20


def infer_recipe(shapes: Shapes, settings: str, stated: dict) -> X3DRecipe:
    """The network of a checkpoint.

    Args:
      shapes: of the weights, by SlowFast's names, in PyTorch's layouts.
      settings: SlowFast's, as YAML; empty if there are none.
      stated: fields of the network that the user stated.

    Raises:
      UserError: no X3D is like that, or it could be several.
    """
    blocks = [_BLOCK.fullmatch(name) for name in shapes]
    depths = [0, 0, 0, 0]
    for match in filter(None, blocks):
        stage = int(match[1]) - 2
        depths[stage] = max(depths[stage], int(match[2]) + 1)
    if FIRST not in shapes or not all(depths):
        raise UserError(
            f"The weight {FIRST} or a whole stage is missing: the checkpoint "
            "holds no X3D."
        )
    kernels = [shapes[f"s{n}.pathway0_res0.branch2.a.weight"] for n in _STAGES]
    # The convolution c of each stage's first block.
    widths = [
        shapes.get(f"s{n}.pathway0_res0.branch2.c.weight", (0,))[0]
        for n in _STAGES
    ]
    factors = _factors(widths, depths, [kernel[0] for kernel in kernels])
    model = _model(factors, settings, stated)
    own = MODELS[model]
    given: dict[str, Any] = {
        name: value
        for name, value in factors.items()
        if value != getattr(own, name.removesuffix("_factor"))
    }
    normed = "s2.pathway0_res0.branch1_bn.weight" in shapes
    return X3DRecipe(
        model=model,
        head_channels=shapes.get("head.lin_5.weight", (2048,))[0],
        channelwise=kernels[0][2] == 1,
        squeeze_excite=any(".se.fc1." in name for name in shapes),
        shortcut="slowfast" if normed else "pytorchvideo",
        **given,
    )


def _factors(
    widths: list[int], depths: list[int], inner: list[int]
) -> dict[str, float]:
    """The three, of a network whose four stages are like that."""
    return {
        "width_factor": _factor(
            "width",
            lambda f: [round_width(w, f) for w in WIDTHS] == widths,
            f"stages of {widths} channels",
        ),
        "depth_factor": _factor(
            "depth",
            lambda f: [math.ceil(d * f) for d in DEPTHS] == depths,
            f"stages of {depths} blocks",
        ),
        "bottleneck_factor": _factor(
            "bottleneck",
            lambda f: [int(f * w) for w in widths] == inner,
            f"inner convolutions of {inner} of {widths} channels",
        ),
    }


def _factor(name: str, fits, found: str) -> float:
    """The factor of a model that fits, or the simplest."""
    known = [getattr(model, name) for model in MODELS.values()]
    finer = [
        number / parts
        for parts in range(1, _FINEST + 1)
        for number in range(1, 10 * parts)
    ]
    for factor in known + finer:
        if fits(factor):
            return factor
    raise UserError(
        f"No {name} factor makes {found} (widths are rounded to multiples of "
        "8)."
    )


def _model(factors: dict, settings: str, stated: dict) -> str:
    """Its name; models whose weights have the same shapes must be told apart.

    Raises:
      UserError: they cannot.
    """
    if "model" in stated:
        return stated["model"]
    wanted = tuple(factors.values())
    fitting = [name for name, own in MODELS.items() if own[:3] == wanted]
    data = (yaml.safe_load(settings) if settings else None) or {}
    clips = data.get("DATA", {}) if isinstance(data, dict) else {}
    trained = clips.get("NUM_FRAMES"), clips.get("TRAIN_CROP_SIZE")
    for name in fitting or MODELS:
        if MODELS[name][3:] == trained:
            return name
    if len(fitting) == 1:
        return fitting[0]
    choices = " or ".join(fitting or MODELS)
    raise UserError(
        f"{choices}? Their weights have the same shapes, their clips differ. "
        f"Say which it is: --set model={(fitting or list(MODELS))[0]}."
    )
