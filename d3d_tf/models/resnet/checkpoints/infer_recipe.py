"""Which ResNet a checkpoint is of: from names and shapes."""

import re
from typing import Any

from d3d_tf.errors import UserError
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.table import MODELS, PLANES, planes

Shapes = dict[str, tuple[int, ...]]
STEM = "conv1.weight"
_BLOCK = re.compile(r"layer([1-4])\.(\d+)\.conv1\.weight")
_CELL = "layer1.lstm.w_ih.0.seq.0.weight"


def infer_recipe(shapes: Shapes, shifted: set[tuple[int, int]]) -> ResNetRecipe:
    """The network of a checkpoint.

    Args:
      shapes: by `names.as_torchvision`, in PyTorch's layouts.
      shifted: (stage, block) whose names are of TSM.

    Raises:
      UserError: no ResNet is like that.
    """
    depths = [0, 0, 0, 0]
    for match in filter(None, map(_BLOCK.fullmatch, shapes)):
        stage = int(match[1]) - 1
        depths[stage] = max(depths[stage], int(match[2]) + 1)
    first = [f"layer{n}.0.conv1.weight" for n in (1, 2, 3, 4)]
    if any(name not in shapes for name in (STEM, *first)):
        raise UserError(
            f"The weight {STEM} or a whole stage is missing: the file holds "
            "no network that is known. Of PyTorch's files, those of X3D "
            "(SlowFast, PyTorchVideo) and of ResNet-18, 34, 50 and 101 "
            "(torchvision, MMAction2's TSN and TSM, DNR's code) are read."
        )
    channels = shapes[STEM][1]
    if channels != 3:
        raise UserError(
            f"The first convolution, {STEM}, looks at {channels} channels: "
            "only networks of RGB, 3 channels, are read."
        )
    model = _model(tuple(depths), "layer1.0.conv3.weight" in shapes, shifted)
    widths = tuple(shapes[name][0] for name in first)
    factor = widths[-1] / PLANES[-1]
    if planes(factor) != widths or shapes[STEM][0] != widths[0]:
        raise UserError(
            f"The stem has {shapes[STEM][0]} channels, the stages' inner "
            f"convolutions {list(widths)}; those of ResNets have {PLANES[0]} "
            f"and {list(PLANES)}, or all of them less."
        )
    # MMAction2's configurations.
    fields: dict[str, Any] = {"dropout": 0.5} if shifted else {}
    if _CELL in shapes:
        inner, outer = shapes[_CELL]
        # The released code's; the file leaves it open.
        fields["frames_per_group"] = 2
        fields |= {"normaliser": "dnr", "reduction": outer // inner}
    return ResNetRecipe(model=model, width_factor=factor, **fields)


def _model(
    depths: tuple[int, ...], bottleneck: bool, shifted: set[tuple[int, int]]
) -> str:
    """Its name.

    Raises:
      UserError: there is none.
    """
    known: dict[tuple, str] = {
        (layout.bottleneck, layout.blocks, _shifted(layout)): name
        for name, layout in MODELS.items()
    }
    model = known.get((bottleneck, depths, frozenset(shifted)))
    if model:
        return model
    if (bottleneck, depths, frozenset()) in known:
        raise UserError(
            f"{len(shifted)} blocks have the names of TSM. It shifts channels "
            "in all blocks, in ResNet-101 in one of two; no others are known."
        )
    kind = "bottlenecks" if bottleneck else "basic blocks"
    raise UserError(
        f"The stages have {list(depths)} {kind}; ResNet-18, 34, 50 and 101 "
        "are known."
    )


def _shifted(layout) -> frozenset[tuple[int, int]]:
    """(stage, block) where a model of the table shifts, as TSM."""
    if not layout.shifted:
        return frozenset()
    return frozenset(
        (stage, block)
        for stage, blocks in enumerate(layout.blocks, start=1)
        for block in range(0, blocks, layout.shift_every)
    )
