"""What `d3d_tf.models` asks of this family."""

import dataclasses

from d3d_tf.models.hrnn.config import HRNNRecipe
from d3d_tf.models.hrnn.network import build

__all__ = ["HEAD_NAMES", "TRAINING", "architecture", "build"]

# As the authors' checkpoints name them, without `classifier/`.
HEAD_NAMES = ("gates/weights", "experts/weights", "experts/biases")
# Fields of the recipe that change the training alone.
TRAINING = ("weight_decay",)


def architecture(recipe: HRNNRecipe) -> dict:
    """The fields that decide a network's variables, and what they do."""
    fields = dataclasses.asdict(recipe)
    unused = (*TRAINING, "pixel_mean", "pixel_std")
    return {k: v for k, v in fields.items() if k not in unused}
