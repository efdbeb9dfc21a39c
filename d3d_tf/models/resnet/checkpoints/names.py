"""One name for a variable of a ResNet, whoever wrote the checkpoint.

The names are torchvision's, `layer1.0.downsample.1.running_mean`, but that the
classifier is MMAction2's `fc_cls`, and those of DNR's code for its cells.
"""

import re
from typing import Any

from d3d_tf.models.torch_original import variables_of

# What others write, and torchvision's. A `ConvModule` of MMAction2 has a
# convolution and a norm, TSM puts its `TemporalShift` around the convolution.
_RULES = (
    (r"^(backbone|cls_head)\.", ""),
    (r"^fc\.", "fc_cls."),
    (r"\.ModuleList\.", "."),
    (r"\bconv(\d)\.conv\.(net\.)?", r"conv\1."),
    (r"\bconv(\d)\.bn\.", r"bn\1."),
    (r"\bdownsample\.conv\.", "downsample.0."),
    (r"\bdownsample\.bn\.", "downsample.1."),
)
_SHIFTED = re.compile(r"layer(\d)\.(\d+)\.conv1\.conv\.net\.weight$")
_CELL = {"u_in": "w_ih.0.seq.0", "u_out": "w_ih.0.seq.2"} | {
    "v_in": "w_hh.0.seq.0",
    "v_out": "w_hh.0.seq.2",
}


def as_torchvision(name: str) -> str:
    """MMAction2's name, or that of DNR's code, as above; others as they are."""
    for pattern, ours in _RULES:
        name = re.sub(pattern, ours, name)
    return name


def shifted_blocks(names) -> set[tuple[int, int]]:
    """(stage, block), from (1, 0) on, that TSM's names in MMAction2 show."""
    found = filter(None, map(_SHIFTED.search, names))
    return {(int(match[1]), int(match[2])) for match in found}


def by_name(network, *, classifier: bool = True) -> dict[str, Any]:
    """All variables of a ResNet, by the names above, or all but the last."""
    stem, _, *stages = network.trunk.units
    found = variables_of("", {"conv1": stem.conv1, "bn1": stem.bn1})
    for stage in stages:
        found |= _of_cell(f"{stage.name}.lstm", stage.lstm)
        for i, block in enumerate(stage.blocks):
            path = f"{stage.name}.{i}."
            found |= variables_of(path, _layers(block))
            cell = getattr(block.bn2, "lstm", None)
            found |= _of_cell(f"{path}bn2.lstm", cell)
    head = {"fc_cls": network.head.fc_cls} if classifier else {}
    return found | variables_of("", head)


def _layers(block) -> dict:
    layers = {}
    for number in "123":
        if hasattr(block, f"conv{number}"):
            norm = getattr(block, f"bn{number}")
            layers[f"conv{number}"] = getattr(block, f"conv{number}")
            # Of DNR's, what standardises.
            layers[f"bn{number}"] = getattr(norm, "norm", norm)
    if block.downsample is not None:
        layers["downsample.0"] = block.downsample
        layers["downsample.1"] = block.downsample_bn
    return layers


def _of_cell(path: str, cell) -> dict:
    if cell is None:
        return {}
    layers = {theirs: getattr(cell, ours) for ours, theirs in _CELL.items()}
    return variables_of(f"{path}.", layers)


def torch_shape(variable, name: str) -> tuple[int, ...]:
    """The shape that PyTorch has for one of our variables."""
    shape = tuple(variable.shape)
    if len(shape) == 5 and not name.startswith("fc_cls."):
        return shape[4], shape[3], *shape[1:3]
    return shape[-2:][::-1]  # A matrix, or a vector.
