"""The table of networks: a family is a folder here and its lines below."""

import importlib
from typing import TYPE_CHECKING

from d3d_tf.streams import CHANNELS

if TYPE_CHECKING:
    from d3d_tf.config import NetworkRecipe
    from d3d_tf.models.network import VideoNetwork

# The recipe's `network.model`: the module that builds it. It has `build`,
# `architecture` and `HEAD_NAMES`, see the functions below.
FAMILIES = {
    "s3dg": "d3d_tf.models.inception.family",
    "s3d": "d3d_tf.models.inception.family",
    "i3d": "d3d_tf.models.inception.family",
    "s3dg_nonlocal": "d3d_tf.models.inception.family",
}


def make_network(
    recipe: "NetworkRecipe", num_classes: int, stream: str
) -> "VideoNetwork":
    """A network with its variables.

    Args:
      recipe: architecture and regularisation.
      num_classes: number of logits.
      stream: `frames` (3 channels) or `flow` (2).
    """
    return _family(recipe).build(recipe, num_classes, CHANNELS[stream])


def architecture(recipe: "NetworkRecipe") -> dict:
    """The fields that decide which variables a network has, and of what shape.

    Two recipes with equal dicts have networks that can swap weights.
    """
    return _family(recipe).architecture(recipe)


def head_names(recipe: "NetworkRecipe") -> tuple[str, ...]:
    """Variables of the head, by the names of published checkpoints."""
    return _family(recipe).HEAD_NAMES


def _family(recipe: "NetworkRecipe"):
    return importlib.import_module(FAMILIES[recipe.model])
