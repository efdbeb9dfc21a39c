"""What `d3d_tf.models` asks of this family."""

import dataclasses
from pathlib import Path
from typing import Any

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
# And those that say nothing without DNR.
_DYNAMIC = ("frames_per_group", "bidirectional", "reduction")


def architecture(recipe: ResNetRecipe) -> dict:
    """The fields that decide a network's variables, and what they do."""
    fields = dataclasses.asdict(recipe)
    unused = TRAINING if recipe.is_dynamic else (*TRAINING, *_DYNAMIC)
    return {k: v for k, v in fields.items() if k not in unused}


def reads(path: str | Path) -> bool:
    """Whether a file is Keras', or PyTorch's and no other family's."""
    return is_keras_file(path) or is_torch_file(path)


def open_original(path: str | Path, **options: Any) -> Original:
    """See `d3d_tf.models.open_original`."""
    kind = KerasOriginal if is_keras_file(path) else ResNetOriginal
    return kind(path, **options)
