"""From the values of a checkpoint to the variables of a network."""

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.checkpoints.checkpoint_names import Contents
from d3d_tf.models.inception.checkpoints.tf1_checkpoint import Checkpoint
from d3d_tf.models.inception.checkpoints.variable_names import by_name
from d3d_tf.models.original import Filled, require_fit


def fill(network, checkpoint: Checkpoint, contents: Contents) -> Filled:
    """Gives the network the values of a checkpoint; all or none.

    Kernels of a network of pictures are inflated in time as I3D does it (Quo
    Vadis, section 2): repeated N times and divided by N, so that a video of
    one picture gives what the picture gave. Their head is left out, and what
    they cannot have (temporal halves, which start as identities, and gates)
    keeps its initial value.

    Raises:
      UserError: a variable is missing, surplus, mis-shaped, damaged or not
        finite; the text names it.
    """
    variables = by_name(network)
    flat = contents.family == "slim2d"
    names, skipped = dict(contents.names), dict(contents.skipped)
    initial = []
    if flat:
        for name in HEAD_NAMES:
            if name in names:
                skipped[names.pop(name)] = "the head of other classes"
        initial = [name for name in variables if _is_new(name)]
    shapes = {
        name: tuple(variable.shape.as_list())
        for name, variable in variables.items()
    }
    missing = shapes.keys() - names.keys() - set(initial)
    require_fit(
        checkpoint.prefix,
        {
            "missing": sorted(_as_written(name, contents) for name in missing),
            "surplus": sorted(names[n] for n in names.keys() - shapes.keys()),
            "of another shape": _wrong_shapes(checkpoint, names, shapes, flat),
        },
    )
    values = {
        name: _value(checkpoint, theirs, shapes[name], flat)
        for name, theirs in names.items()
    }
    for name in skipped:
        checkpoint.value(name)  # The file is whole, up to its end.
    for name, value in values.items():
        variables[name].assign(value)
    for name in initial:
        values[name] = variables[name].numpy()
    rows = _rows(checkpoint, names, skipped)
    rows += [
        {
            "name": None,
            "shape": list(values[name].shape),
            "used_as": name,
            "skipped": "not in the file: the network's own initial value",
        }
        for name in initial
    ]
    return Filled(values, rows, initial)


def _is_new(name: str) -> bool:
    """Whether a network of pictures cannot have the variable."""
    return "/temporal/" in name or "/self_gating/" in name or name in HEAD_NAMES


def _wrong_shapes(
    checkpoint: Checkpoint,
    names: dict[str, str],
    shapes: dict[str, tuple],
    flat: bool,
) -> list[str]:
    """A phrase for each variable of another shape than the network's."""
    wrong = []
    for name in sorted(names.keys() & shapes.keys()):
        theirs = checkpoint.shapes[names[name]]
        if not _fits(theirs, shapes[name], flat):
            needed = shapes[name][1:] if flat else shapes[name]
            wrong.append(
                f"{names[name]} is {list(theirs)}, needed {list(needed)}"
            )
    return wrong


def _rows(
    checkpoint: Checkpoint, used: dict[str, str], skipped: dict[str, str]
) -> list[dict]:
    """A row per variable of the file."""
    ours = {theirs: name for name, theirs in used.items()}
    return [
        {
            "name": name,
            "shape": list(shape),
            "used_as": ours.get(name),
            "skipped": skipped.get(name),
        }
        for name, shape in checkpoint.shapes.items()
    ]


def _fits(there: tuple, needed: tuple, flat: bool) -> bool:
    if len(needed) == 1:
        # Sonnet's vectors are [1, 1, 1, 1, C] in some of its files.
        return there == needed or there == (1, 1, 1, 1, *needed)
    return there == (needed[1:] if flat else needed)


def _value(
    checkpoint: Checkpoint, name: str, shape: tuple, flat: bool
) -> np.ndarray:
    value = checkpoint.value(name)
    if value.dtype != np.float32:
        raise UserError(f"{name} is {value.dtype}; float32 is needed.")
    if not np.isfinite(value).all():
        raise UserError(f"{name} holds values that are not finite.")
    if flat and len(shape) == 5:
        return np.repeat(value[None] / np.float32(shape[0]), shape[0], axis=0)
    return value.reshape(shape)


def _as_written(name: str, contents: Contents) -> str:
    """A missing variable, as the file would call it."""
    if contents.family == "deepmind":
        name = name.replace("Conv2d", "Conv3d")
        name = name.replace("BatchNorm/", "batch_norm/")
        name = name.replace("/weights", "/conv_3d/w")
        name = name.replace("/biases", "/conv_3d/b")
        old = "Mixed_5b/Branch_2/Conv3d_0b_3x3"
        name = name.replace(old, "Mixed_5b/Branch_2/Conv3d_0a_3x3")
    return contents.scope + name
