"""The table of networks: a family is a folder here and its lines below.

Its `config.py` has `RECIPE`, the recipe's section `network`; its `family.py`
has `build`, `architecture`, `TRAINING` and `HEAD_NAMES`; it may have `parts`
and `start_from` and, if there are published checkpoints, `open_original` and
`reads(path) -> bool`, whether a file is one of them. See the functions below.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from d3d_tf.errors import UsageError
from d3d_tf.streams import CHANNELS

if TYPE_CHECKING:
    from d3d_tf.models.network import VideoNetwork
    from d3d_tf.models.network_recipe import NetworkRecipe
    from d3d_tf.models.original import Original
    from d3d_tf.models.part import Part

# The recipe's `network.model`: its family.
FAMILIES = {
    "s3dg": "d3d_tf.models.inception",
    "s3d": "d3d_tf.models.inception",
    "i3d": "d3d_tf.models.inception",
    "s3dg_nonlocal": "d3d_tf.models.inception",
    "s3dg_learned_flow": "d3d_tf.models.learned_flow",
    "x3d_xs": "d3d_tf.models.x3d",
    "x3d_s": "d3d_tf.models.x3d",
    "x3d_m": "d3d_tf.models.x3d",
    "x3d_l": "d3d_tf.models.x3d",
    "x3d_xl": "d3d_tf.models.x3d",
    "tsn_r18": "d3d_tf.models.resnet",
    "tsn_r34": "d3d_tf.models.resnet",
    "tsn_r50": "d3d_tf.models.resnet",
    "tsn_r101": "d3d_tf.models.resnet",
    "tsm_r18": "d3d_tf.models.resnet",
    "tsm_r34": "d3d_tf.models.resnet",
    "tsm_r50": "d3d_tf.models.resnet",
    "tsm_r101": "d3d_tf.models.resnet",
    "nextvlad": "d3d_tf.models.nextvlad",
    "netvlad": "d3d_tf.models.nextvlad",
    "nextvlad_mixture": "d3d_tf.models.vlad_mixture",
    "hrnn": "d3d_tf.models.hrnn",
}
DEFAULT = "s3dg"


def recipe_class(model: str) -> "type[NetworkRecipe]":
    """The section `network` of a recipe with that model; without TensorFlow."""
    return importlib.import_module(f"{FAMILIES[model]}.config").RECIPE


def make_network(
    recipe: "NetworkRecipe",
    num_classes: int,
    stream: str,
    *,
    restored: bool = False,
) -> "VideoNetwork":
    """A network with its variables.

    Args:
      recipe: architecture and regularisation.
      num_classes: number of logits.
      stream: `frames` (3 channels), `flow` (2) or `features` (as many as the
        recipe says).
      restored: its values come from a checkpoint next; files that the recipe
        names, `eigenvalues`, are not read.

    Raises:
      UsageError: the network cannot look at it.
      UserError: a file that the recipe names cannot be read.
    """
    require_stream(recipe, stream)
    channels = getattr(recipe, "channels", CHANNELS[stream])
    network = _family(recipe.model).build(recipe, num_classes, channels)
    if not restored:
        network.read_files()
    return network


def require_stream(recipe: "NetworkRecipe", stream: str) -> None:
    """Refuses a network that would be shown what it cannot look at.

    Raises:
      UsageError: it would.
    """
    if "features" in recipe.streams and stream != "features":
        raise UsageError(
            f"network.model={recipe.model} looks at features of frames, as "
            f"those of YouTube-8M, and cannot look at {stream}. For videos "
            f"choose another, such as network.model={DEFAULT}; for YouTube-8M "
            "see docs/youtube8m.md."
        )
    if stream not in recipe.streams:
        raise UsageError(
            f"network.model={recipe.model} cannot look at {stream}. As a "
            f"teacher choose another, --set teacher.model={DEFAULT}; to train "
            "it from labels choose train.stream=rgb."
        )


def architecture(recipe: "NetworkRecipe") -> dict:
    """The fields that decide which variables a network has, and of what shape.

    Two recipes with equal dicts have networks that can swap weights.
    """
    return _family(recipe.model).architecture(recipe)


def training_fields(recipe: "NetworkRecipe") -> dict:
    """The fields that change nothing but how a network is trained."""
    names = _family(recipe.model).TRAINING
    return {name: getattr(recipe, name) for name in names}


def head_names(recipe: "NetworkRecipe") -> tuple[str, ...]:
    """Variables of the head, by the names of published checkpoints."""
    return _family(recipe.model).HEAD_NAMES


def parts(recipe: "NetworkRecipe") -> "tuple[Part, ...]":
    """What a network can start from besides one of its own architecture.

    None in most families, whose networks are of one piece.
    """
    family = _family(recipe.model)
    return family.parts(recipe) if hasattr(family, "parts") else ()


def start_from(
    recipe: "NetworkRecipe", there: "NetworkRecipe"
) -> "tuple[NetworkRecipe, tuple[str, ...]]":
    """What another network must be for one to start from it, and what is new.

    In most families it must be what the new network is, and nothing is new.

    Args:
      recipe: the new network.
      there: the other network.

    Returns:
      The network whose architecture the other must have; and the names of what
      it then lacks and starts anew, besides a head of other classes.
    """
    family = _family(recipe.model)
    if hasattr(family, "start_from"):
        return family.start_from(recipe, there)
    return recipe, ()


def open_original(path: str | Path, **options: Any) -> "Original":
    """Opens a checkpoint of a published format.

    Args:
      path: of the file.
      options: `scope`, `averages` and `stated` of the user; see the families.

    Raises:
      UserError: it cannot be read, or is no network of any family.
    """
    for model in FAMILIES:
        reads = getattr(_family(model), "reads", None)
        if reads and reads(path):
            return _family(model).open_original(path, **options)
    # Of nobody else's; if not of the default's either, its error says so.
    return _family(DEFAULT).open_original(path, **options)


def _family(model: str):
    return importlib.import_module(f"{FAMILIES[model]}.family")
