"""What `d3d_tf.models` asks of this family."""

import dataclasses

from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.nextvlad.network import build

__all__ = ["HEAD_NAMES", "TRAINING", "architecture", "build"]

# As the authors' checkpoints name them.
HEAD_NAMES = ("fully_connected/weights", "fully_connected/biases")
# Fields of the recipe that change the training alone.
TRAINING = (
    "count_padding",
    "dropout",
    "weight_decay",
    "batch_norm_momentum",
    "synchronized_batch_norm",
)


def architecture(recipe: NeXtVLADRecipe) -> dict:
    """The fields that decide a network's variables, and what they do.

    Of the eigenvalues whether there are any: they are a variable.
    """
    fields = dataclasses.asdict(recipe)
    unused = (*TRAINING, *recipe.unused)
    own = {k: v for k, v in fields.items() if k not in unused}
    return own | {"eigenvalues": recipe.eigenvalues is not None}
