"""One name for a variable of X3D, whoever wrote the checkpoint.

The names are SlowFast's, `s2.pathway0_res0.branch2.a.weight`. PyTorchVideo
counts modules, `blocks.1.res_blocks.0.branch2.conv_a.weight`.
"""

import re
from typing import Any

from d3d_tf.models.torch_original import variables_of

# What PyTorchVideo calls SlowFast's modules, outside of blocks. Its stem calls
# the convolution in space conv_t and that in time conv_xy.
_OUTER = {
    "blocks.0.conv.conv_t": "s1.pathway0_stem.conv_xy",
    "blocks.0.conv.conv_xy": "s1.pathway0_stem.conv",
    "blocks.0.norm": "s1.pathway0_stem.bn",
    "blocks.5.pool.pre_conv": "head.conv_5",
    "blocks.5.pool.pre_norm": "head.conv_5_bn",
    "blocks.5.pool.post_conv": "head.lin_5",
    "blocks.5.proj": "head.projection",
}
# And in them. norm_b is a sequence: a norm, then squeeze-excite or nothing.
_INNER = {
    "branch1_conv": "branch1",
    "branch1_norm": "branch1_bn",
    "branch2.conv_a": "branch2.a",
    "branch2.norm_a": "branch2.a_bn",
    "branch2.conv_b": "branch2.b",
    "branch2.norm_b.0": "branch2.b_bn",
    "branch2.norm_b.1.block.0": "branch2.se.fc1",
    "branch2.norm_b.1.block.2": "branch2.se.fc2",
    "branch2.conv_c": "branch2.c",
    "branch2.norm_c": "branch2.c_bn",
}
_OUTER_THERE = {ours: theirs for theirs, ours in _OUTER.items()}
_INNER_THERE = {ours: theirs for theirs, ours in _INNER.items()}
_BLOCK = re.compile(r"blocks\.([1-4])\.res_blocks\.(\d+)\.(.+)")
_RES = re.compile(r"s([2-5])\.pathway0_res(\d+)\.(.+)")
FIRST = "s1.pathway0_stem.conv_xy.weight"


def as_slowfast(name: str) -> str:
    """PyTorchVideo's name as SlowFast's; any other name as it is."""
    module, _, leaf = name.rpartition(".")
    if module in _OUTER:
        return f"{_OUTER[module]}.{leaf}"
    block = _BLOCK.fullmatch(module)
    if block and block[3] in _INNER:
        stage = int(block[1]) + 1
        return f"s{stage}.pathway0_res{block[2]}.{_INNER[block[3]]}.{leaf}"
    return name


def as_pytorchvideo(name: str) -> str:
    """SlowFast's name as PyTorchVideo's."""
    module, _, leaf = name.rpartition(".")
    if module in _OUTER_THERE:
        return f"{_OUTER_THERE[module]}.{leaf}"
    block = _RES.fullmatch(module)
    if block is None:
        return name
    stage, inner = int(block[1]) - 1, _INNER_THERE[block[3]]
    return f"blocks.{stage}.res_blocks.{block[2]}.{inner}.{leaf}"


def by_name(network) -> dict[str, Any]:
    """All variables of an X3D by SlowFast's names."""
    stem, *stages, conv5 = network.trunk.units
    found = variables_of(
        "s1.pathway0_stem.",
        {"conv_xy": stem.conv_xy, "conv": stem.conv, "bn": stem.bn},
    )
    for number, stage in enumerate(stages, start=2):
        for i, block in enumerate(stage.blocks):
            found |= variables_of(f"s{number}.pathway0_res{i}.", _layers(block))
    head = network.head
    return found | variables_of(
        "head.",
        {
            "conv_5": conv5.conv,
            "conv_5_bn": conv5.bn,
            "lin_5": head.lin_5,
            "projection": head.projection,
        },
    )


def _layers(block) -> dict:
    layers = {"branch1": block.branch1, "branch1_bn": block.branch1_bn}
    for name in ("a", "a_bn", "b", "b_bn", "c", "c_bn"):
        layers[f"branch2.{name}"] = getattr(block, name)
    if block.se is not None:
        layers["branch2.se.fc1"] = block.se.fc1
        layers["branch2.se.fc2"] = block.se.fc2
    return {name: layer for name, layer in layers.items() if layer is not None}


def torch_shape(variable, name: str) -> tuple[int, ...]:
    """The shape that PyTorch has for one of our variables."""
    shape = tuple(variable.shape)
    if name == "head.projection.weight":  # A matrix there.
        return shape[:2:-1]
    if len(shape) == 5:
        return shape[4], shape[3], *shape[:3]
    if len(shape) == 4:  # A kernel of each channel.
        return shape[3], 1, *shape[:3]
    return shape
