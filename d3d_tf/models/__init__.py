"""The table of networks: a family is a folder here and its lines below."""

import importlib
from typing import TYPE_CHECKING

from d3d_tf.streams import CHANNELS

if TYPE_CHECKING:
    from d3d_tf.config import NetworkRecipe
    from d3d_tf.models.network import VideoNetwork

# The recipe's `network.model`: the module that builds it.
FAMILIES = {
    "s3dg": "d3d_tf.models.inception.networks",
    "s3d": "d3d_tf.models.inception.networks",
    "i3d": "d3d_tf.models.inception.networks",
    "s3dg_nonlocal": "d3d_tf.models.inception.networks",
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
    family = importlib.import_module(FAMILIES[recipe.model])
    return family.build(recipe, num_classes, CHANNELS[stream])
