"""What `d3d_tf.models` asks of this family."""

import dataclasses

from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.network import build

__all__ = ["HEAD_NAMES", "TRAINING", "architecture", "build"]

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


def architecture(recipe: ResNetRecipe) -> dict:
    """The fields that decide a network's variables, and what they do."""
    fields = dataclasses.asdict(recipe)
    unused = (*TRAINING, *recipe.unused)
    return {k: v for k, v in fields.items() if k not in unused}
