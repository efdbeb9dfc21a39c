"""What `d3d_tf.models` asks of this family."""

import dataclasses

from d3d_tf.models.x3d.checkpoints.original import X3DOriginal, holds_x3d
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.network import build

__all__ = [
    "HEAD_NAMES",
    "TRAINING",
    "architecture",
    "build",
    "open_original",
    "reads",
]
open_original = X3DOriginal
reads = holds_x3d

# As SlowFast names them; it fine-tunes with the layer before, lin_5.
HEAD_NAMES = ("head.projection.weight", "head.projection.bias")
# Fields of the recipe that change the training alone.
TRAINING = (
    "dropout",
    "drop_connect",
    "drop_connect_by_stage",
    "weight_decay",
    "batch_norm_momentum",
    "batch_norm_clips",
    "synchronized_batch_norm",
    "recompute",
)


def architecture(recipe: X3DRecipe) -> dict:
    """The fields that decide which variables a network has, and what they do.

    X3D-XS, S and M differ in their clips alone, so in nothing of these.
    """
    fields = dataclasses.asdict(recipe)
    for name in (*TRAINING, *recipe.unused, "head_frames", "head_size"):
        del fields[name]
    width, depth, bottleneck = recipe.expansion[:3]
    return fields | {
        "model": "x3d",
        "width_factor": width,
        "depth_factor": depth,
        "bottleneck_factor": bottleneck,
    }
