"""Fits a recipe to existing records."""

import dataclasses
from typing import Any

from d3d_tf.config import (
    DataRecipe,
    FlowRecipe,
    Recipe,
    data_as_saved,
    differences,
    to_dict,
)
from d3d_tf.data.dataset import Dataset
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES
from d3d_tf.streams import FEATURES

LONGEST_CLIP = 64  # Frames; D3D, section 4.1, by way of S3D.


def _as_prepared(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the records' own `data` and `flow` sections.

    Raises:
      UsageError: one of them was changed to a value that the records lack.
    """
    stored = dataset.info["recipe"]["data"]
    data = DataRecipe(**data_as_saved(stored))
    flow = FlowRecipe(**dataset.info["recipe"]["flow"])
    # What comes with the recipe's name was not asked for; 0 is "automatic".
    named = RECIPES.get(recipe.name)
    wrong = []
    for section, prepared in (("data", data), ("flow", flow)):
        asked = getattr(recipe, section)
        default = to_dict(getattr(named, section)) if named else {}
        # A recipe of one split of a data set means that split.
        split = default.get("layout") != DataRecipe.layout
        for key, old, new in differences(to_dict(prepared), to_dict(asked)):
            automatic = key == "short_side" and new == 0
            automatic |= key == "square_pixels" and key not in stored
            meant = split and key in ("layout", "split")
            named_so = new == default.get(key) and not meant
            if not automatic and not named_so:
                wrong.append(f"{section}.{key} is {old!r} there, {new!r} here")
    if wrong:
        raise UsageError(
            f"The records in {dataset.folder} were made by another recipe "
            f"({'; '.join(wrong)}). Name the videos instead of the records to "
            "have them prepared anew, or leave these keys alone."
        )
    # Not of the records, but of who reads them.
    data = dataclasses.replace(data, service=recipe.data.service)
    return dataclasses.replace(recipe, data=data, flow=flow)


def fit_recipe(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the records' `data` and `flow`, and clips that fit.

    One of features gets networks of as many features as the records have.

    Raises:
      UsageError: it asks for other records.
    """
    if recipe.of_features:
        return _as_wide(recipe, dataset)
    return with_clip_size(_as_prepared(recipe, dataset), dataset)


def _as_wide(recipe: Recipe, dataset: Dataset) -> Recipe:
    """Networks look at the records' features, however many they are.

    Raises:
      UsageError: the recipe names another number.
    """
    widths = dataset.info["features"].get("widths", FEATURES)

    def fitted(place: str, network: Any) -> Any:
        if network is None or network.widths == widths:
            return network
        if network.widths != FEATURES:
            raise UsageError(
                f"{place}.rgb_features and audio_features are "
                f"{network.widths} here, and {widths} in {dataset.folder}: "
                "leave them alone, they follow the records."
            )
        return dataclasses.replace(
            network,
            rgb_features=widths["rgb"],
            audio_features=widths["audio"],
        )

    return dataclasses.replace(
        recipe,
        network=fitted("network", recipe.network),
        teacher=fitted("teacher", recipe.teacher),
    )


def with_clip_size(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with length and size of the clips filled in.

    Raises:
      UsageError: they do not fit into the records.
    """
    stored = dataset.info["recipe"]["data"]["short_side"]
    clip = recipe.clip
    size = clip.size or max(16, stored * 7 // 8 // 16 * 16)
    frames = clip.frames
    if not frames:
        # As many as the shortest video has at this stride, rounded up.
        shortest = dataset.info["frames"]["min"]
        frames = min(LONGEST_CLIP, -(-shortest // clip.stride))
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, short_side=stored),
        clip=dataclasses.replace(clip, frames=frames, size=size),
    )
