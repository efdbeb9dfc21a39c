"""The table of networks: a family is a folder here and its lines below.

Its `config.py` has `RECIPE`, the recipe's section `network`; its `family.py`
has `build`, `architecture`, `TRAINING` and `HEAD_NAMES`, see the functions
below.
"""

import importlib
from typing import TYPE_CHECKING

from d3d_tf.streams import CHANNELS

if TYPE_CHECKING:
    from d3d_tf.models.network import VideoNetwork
    from d3d_tf.models.network_recipe import NetworkRecipe

# The recipe's `network.model`: its family.
FAMILIES = {
    "s3dg": "d3d_tf.models.inception",
    "s3d": "d3d_tf.models.inception",
    "i3d": "d3d_tf.models.inception",
    "s3dg_nonlocal": "d3d_tf.models.inception",
}
DEFAULT = "s3dg"


def recipe_class(model: str) -> "type[NetworkRecipe]":
    """The section `network` of a recipe with that model; without TensorFlow."""
    return importlib.import_module(f"{FAMILIES[model]}.config").RECIPE


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


def training_fields(recipe: "NetworkRecipe") -> dict:
    """The fields that change nothing but how a network is trained."""
    names = _family(recipe).TRAINING
    return {name: getattr(recipe, name) for name in names}


def head_names(recipe: "NetworkRecipe") -> tuple[str, ...]:
    """Variables of the head, by the names of published checkpoints."""
    return _family(recipe).HEAD_NAMES


def _family(recipe: "NetworkRecipe"):
    return importlib.import_module(f"{FAMILIES[recipe.model]}.family")
