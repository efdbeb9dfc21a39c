"""What `d3d_tf.models` asks of this family."""

import dataclasses
from pathlib import Path
from typing import Any

from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.original import Original
from d3d_tf.models.resnet.checkpoints.keras_original import (
    KerasOriginal,
    is_keras_file,
)
from d3d_tf.models.resnet.checkpoints.original import ResNetOriginal
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.network import build
from d3d_tf.models.torch_file import is_torch_file

__all__ = [
    "HEAD_NAMES",
    "TRAINING",
    "architecture",
    "build",
    "open_original",
    "reads",
    "start_from",
]

# As MMAction2 names them.
HEAD_NAMES = ("fc_cls.weight", "fc_cls.bias")
# Fields of the recipe that change the training alone.
TRAINING = (
    "dropout",
    "weight_decay",
    "batch_norm_momentum",
    "synchronized_batch_norm",
    "recompute",
)
# What a network with DNR has of its own, by the names of DNR's code.
_NEW = ("layer*.lstm", "layer*.*.bn1", "layer*.*.bn2")


def architecture(recipe: ResNetRecipe) -> dict:
    """The fields that decide a network's variables, and what they do."""
    fields = dataclasses.asdict(recipe)
    unused = (*TRAINING, *recipe.unused)
    return {k: v for k, v in fields.items() if k not in unused}


def start_from(
    recipe: ResNetRecipe, there: NetworkRecipe
) -> tuple[ResNetRecipe, tuple[str, ...]]:
    """A plain ResNet starts TSN and TSM alike, which have its variables.

    With DNR, a network takes all of it but the two norms of each block that it
    has others for.
    """
    if not isinstance(there, ResNetRecipe) or there.is_dynamic:
        return recipe, ()
    kind, depth = there.model.split("_")[0], recipe.model.split("_")[1]
    needed = dataclasses.replace(
        recipe,
        model=f"{kind}_{depth}",
        normaliser="batch_norm",
        statistics="batch",
        interlace="none",
        shift_div=there.shift_div,
    )
    return needed, _NEW if recipe.is_dynamic else ()


def reads(path: str | Path) -> bool:
    """Whether a file is Keras', or PyTorch's and no other family's."""
    return is_keras_file(path) or is_torch_file(path)


def open_original(path: str | Path, **options: Any) -> Original:
    """See `d3d_tf.models.open_original`."""
    kind = KerasOriginal if is_keras_file(path) else ResNetOriginal
    return kind(path, **options)
