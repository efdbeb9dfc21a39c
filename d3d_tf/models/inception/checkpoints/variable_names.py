"""One name for a variable, whoever wrote the checkpoint.

The names are TF-Slim's without the scope: `UNIT/LEAF`, where UNIT is the path
of a convolution unit such as `Mixed_3b/Branch_1/Conv2d_0b_3x3`.
"""

from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.blocks import ConvUnit, InceptionBlock


def endpoint(name: str) -> str:
    """`Mixed_3b` of `Mixed_3b/Branch_1/Conv2d_0b_3x3/weights`."""
    return name.partition("/")[0]


def by_name(network) -> dict:
    """All variables of a network of `networks`, by name.

    Raises:
      ValueError: the network has variables that no published one has.
    """
    found: dict = {}
    for unit in network.trunk.units:
        if isinstance(unit, InceptionBlock):
            for branch in (
                unit.Branch_0,
                unit.Branch_1,
                unit.Branch_2,
                unit.Branch_3,
            ):
                for inner in branch:
                    found |= _of_unit(f"{unit.name}/{inner.name}", inner)
        elif isinstance(unit, ConvUnit):
            found |= _of_unit(unit.name, unit)
    weights, biases = HEAD_NAMES
    found[weights] = network.head.logits.kernel
    found[biases] = network.head.logits.bias
    known = {id(variable) for variable in found.values()}
    others = [v.name for v in network.variables if id(v) not in known]
    if others:
        raise ValueError(f"No published checkpoint has {', '.join(others)}.")
    return found


def _of_unit(path: str, unit: ConvUnit) -> dict:
    found = {
        "weights": unit.conv.kernel,
        "BatchNorm/beta": unit.batch_norm.beta,
        "BatchNorm/moving_mean": unit.batch_norm.moving_mean,
        "BatchNorm/moving_variance": unit.batch_norm.moving_variance,
    }
    if unit.temporal is not None:
        found["temporal/weights"] = unit.temporal.kernel
        found["temporal/biases"] = unit.temporal.bias
    if unit.self_gating is not None:
        found["self_gating/transformer_W/weights"] = (
            unit.self_gating.transformer_W.kernel
        )
    return {f"{path}/{leaf}": variable for leaf, variable in found.items()}
