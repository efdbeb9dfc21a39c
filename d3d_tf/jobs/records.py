"""Finds, makes or finishes the records that a job needs."""

import dataclasses
from pathlib import Path

from tqdm import tqdm

from d3d_tf.config import (
    ClipRecipe,
    DataRecipe,
    FlowRecipe,
    Recipe,
    differences,
    digest,
    to_dict,
    validate,
)
from d3d_tf.console import say
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UsageError
from d3d_tf.recipes import RECIPES
from d3d_tf.tfrecords import toy
from d3d_tf.tfrecords.prepare import dataset_folder, prepare
from d3d_tf.tfrecords.sources import Listing, list_folder
from d3d_tf.tfrecords.video import UnreadableVideo, first_frame_size

LARGEST_SHORT_SIDE = 256  # D3D, as S3D, resizes Kinetics to this.
LONGEST_CLIP = 64  # Frames; D3D, section 4.1, by way of S3D.


def prepare_records(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    flow_dir: str | None = None,
) -> None:
    """Makes the records and says what is in them and what was left out.

    Raises:
      UserError: nothing usable is there.
    """
    _, dataset = ensure_records(recipe, data, records_dir, flow_dir)
    say(describe(dataset))


def ensure_records(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    flow_dir: str | None = None,
) -> tuple[Recipe, Dataset]:
    """The records of `data`, and the recipe with its automatic sizes set.

    Args:
      recipe: what to do.
      data: a folder of videos, a record folder, or None for the toy.
      records_dir: where record folders live.
      flow_dir: where another tool left the flow of the videos in `data`.

    Raises:
      UserError: nothing usable is there.
    """
    if data and (Path(data) / "dataset.json").exists():
        dataset = open_dataset(data)
        recipe = _as_prepared(recipe, dataset)
    else:
        if (recipe.flow.algorithm == "imported") != bool(flow_dir):
            raise UsageError(
                "Flow of another tool needs --mode=prepare with both --set "
                "flow.algorithm=imported and --flow_dir=FOLDER; then name the "
                "prepared records with --data."
            )
        recipe, listing, identity = _listing(recipe, data, records_dir)
        if flow_dir:
            listing = listing.with_flow(flow_dir)
            identity = f"{identity} {Path(flow_dir).resolve()}"
        folder = dataset_folder(
            records_dir, listing.name, recipe.data, recipe.flow, identity
        )
        prepare(listing, folder, data=recipe.data, flow=recipe.flow)
        dataset = open_dataset(folder)
    return _with_clip_size(recipe, dataset), dataset


def describe(dataset: Dataset) -> str:
    """A few lines for people: counts, what was left out and why."""
    info = dataset.info
    splits = ", ".join(f"{n} {name}" for name, n in dataset.splits.items())
    lines = [
        f"records: {dataset.folder}: {splits}; {len(dataset.classes)} classes; "
        f"{100 * info['clipped_flow']:.2g} % of flow vectors clipped"
    ]
    if info["num_trimmed"]:
        seconds = info["recipe"]["data"]["max_seconds"]
        lines.append(
            f"  {info['num_trimmed']} videos were cut after {seconds:g} s "
            "(data.max_seconds)"
        )
    for row in dataset.skipped():
        lines.append(f"  left out {row['path']}: {row['skipped']}")
    for name in info["empty_classes"]:
        lines.append(f"  left out class {name}: no file in its folder")
    return "\n".join(lines)


def _listing(
    recipe: Recipe, data: str | None, records_dir: str
) -> tuple[Recipe, Listing, str]:
    """The recipe with its short side set, the videos, and what tells them."""
    if not data:
        if recipe.toy is None:
            raise UsageError(
                f"The recipe {recipe.name!r} needs --data=FOLDER with one "
                "sub-folder of videos per class."
            )
        identity = digest(recipe.toy, recipe.seed, toy.GENERATOR_VERSION)
        folder = Path(records_dir) / "videos" / f"toy-{identity[:8]}"
        return (
            recipe,
            toy.write_videos(folder, recipe.toy, recipe.seed),
            identity,
        )
    listing = list_folder(data, test_share=recipe.data.test_share)
    if recipe.data.short_side == 0:
        side = _smallest_side(listing)
        recipe = dataclasses.replace(
            recipe, data=dataclasses.replace(recipe.data, short_side=side)
        )
    return recipe, listing, str(Path(data).resolve())


def _smallest_side(listing: Listing) -> int:
    """Short side of the smallest video, at most 256; says which one it was."""
    sides = {}
    for source in tqdm(
        listing.sources,
        unit="video",
        desc="reading sizes",
        leave=False,
        disable=len(listing.sources) < 50,
    ):
        try:
            sides[source.path] = min(first_frame_size(source.path))
        except UnreadableVideo:
            continue  # `prepare` will tell.
    if not sides:
        return LARGEST_SHORT_SIDE
    smallest = min(sides, key=sides.__getitem__)
    if sides[smallest] < LARGEST_SHORT_SIDE:
        say(
            f"data.short_side={sides[smallest]}, that of the smallest video, "
            f"{smallest}"
        )
    return max(16, min(sides[smallest], LARGEST_SHORT_SIDE))


def _as_prepared(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the records' own `data` and `flow` sections.

    Raises:
      UsageError: one of them was changed to what the records are not.
    """
    data = DataRecipe(**dataset.info["recipe"]["data"])
    flow = FlowRecipe(**dataset.info["recipe"]["flow"])
    # What comes with the recipe's name was not asked for; 0 is "automatic".
    named = RECIPES.get(recipe.name)
    wrong = []
    for section, there in (("data", data), ("flow", flow)):
        asked = getattr(recipe, section)
        default = to_dict(getattr(named, section)) if named else {}
        for key, old, new in differences(to_dict(there), to_dict(asked)):
            automatic = key == "short_side" and new == 0
            if not automatic and (key not in default or new != default[key]):
                wrong.append(f"{section}.{key} is {old!r} there, {new!r} here")
    if wrong:
        raise UsageError(
            f"The records in {dataset.folder} were made by another recipe "
            f"({'; '.join(wrong)}). Name the videos instead of the records to "
            "have them prepared anew, or leave these keys alone."
        )
    return dataclasses.replace(recipe, data=data, flow=flow)


def _with_clip_size(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with length and size of the clips filled in."""
    stored = dataset.info["recipe"]["data"]["short_side"]
    clip = recipe.clip
    size = clip.size or max(16, stored * 7 // 8 // 16 * 16)
    frames = clip.frames or min(LONGEST_CLIP, dataset.info["frames"]["min"])
    recipe = dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, short_side=stored),
        clip=ClipRecipe(frames=frames, size=size, flip=clip.flip),
    )
    validate(recipe)
    return recipe
