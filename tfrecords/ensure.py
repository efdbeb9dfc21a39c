"""Finds, makes or finishes the records that a job needs."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from d3d_tf.atomic_files import is_remote, require_local, require_utf8, to_path
from d3d_tf.config import DataRecipe, Recipe, ToyRecipe, digest
from d3d_tf.data.class_names import require_classes
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.feature_sets import adopt_features
from d3d_tf.data.fit_recipe import fit_recipe, with_clip_size
from d3d_tf.data.index_foreign import adopt
from d3d_tf.data.shards import foreign_shards
from d3d_tf.data.summary import describe, describe_rules
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_preparation
from d3d_tf.screen import say
from d3d_tf.tfrecords import (
    decode_sandbox,
    toy_features,
    toy_persons,
    toy_videos,
)
from d3d_tf.tfrecords.classes import keep_readable_classes
from d3d_tf.tfrecords.estimate import choose_sample, estimate
from d3d_tf.tfrecords.flow import flow_library
from d3d_tf.tfrecords.layouts import list_videos
from d3d_tf.tfrecords.listing import Listing, Source
from d3d_tf.tfrecords.prepare import dataset_folder, prepare
from d3d_tf.training.workers import chief_first
from d3d_tf.video.opening import UnreadableVideo

LARGEST_SHORT_SIDE = 256  # D3D, as S3D, resizes Kinetics to this.


def prepare_records(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    flow_dir: str | None = None,
    annotations: str | None = None,
    beam_args: list[str] | None = None,
) -> None:
    """Makes the records and says what is in them and what was left out.

    Raises:
      UserError: nothing usable is there.
    """
    _, dataset = ensure_records(
        recipe,
        data,
        records_dir,
        flow_dir,
        annotations,
        beam_args,
        trains=False,
    )
    say(describe(dataset))


def estimate_records(
    recipe: Recipe, data: str, annotations: str | None = None
) -> None:
    """Says how much there is to do, from a sample; writes nothing.

    Raises:
      UserError: nothing usable is there.
    """
    listing = keep_readable_classes(
        list_videos(data, annotations, recipe.data), recipe.data
    )
    sample = choose_sample(listing.sources)
    short_side = recipe.data.short_side or _smallest_side(sample, recipe.data)
    guess = estimate(
        listing,
        data=dataclasses.replace(recipe.data, short_side=short_side),
        flow=recipe.flow,
    )
    splits = [source.split for source in listing.sources]
    counts = ", ".join(f"{splits.count(s)} {s}" for s in sorted(set(splits)))
    say(f"{listing.name}: {counts}; {len(listing.classes)} classes")
    if listing.missing:
        say(f"  {len(listing.missing)} listed videos are not on disk")
    for note in listing.notes:
        say(f"  {note}")
    if listing.left_out:
        say(f"  not tried: {describe_rules(listing.left_out)}")
    for path, reason in guess.unusable.items():
        say(f"  of the sample, unusable: {path}: {reason}")
    cores = len(os.sched_getaffinity(0))
    say(
        f"estimate from {guess.sampled} videos: "
        f"{guess.core_seconds / cores / 3600:.2g} hours on {cores} cores, "
        f"{guess.bytes / 1e9:.2g} GB, {guess.frames:.3g} frames with a short "
        f"side of {short_side}"
    )


@chief_first()
def ensure_records(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    flow_dir: str | None = None,
    annotations: str | None = None,
    beam_args: list[str] | None = None,
    *,
    trains: bool = True,
) -> tuple[Recipe, Dataset]:
    """The records of `data`, and the recipe with its automatic sizes set.

    Args:
      recipe: what to do.
      data: a folder of videos, a record folder, a folder of RGB records that
        another tool wrote, or None for the toy.
      records_dir: where record folders live.
      flow_dir: where another tool left the flow of the videos in `data`.
      annotations: the data set's own list; see `layouts.list_videos`.
      beam_args: Beam's own flags; see `prepare`.
      trains: whether a network needs them; see `require_classes`.

    Raises:
      UserError: nothing usable is there.
    """
    require_utf8(records_dir, "--records_dir")
    if recipe.toy and recipe.of_features and not data:
        data = _toy_features(recipe, recipe.toy, records_dir)
    if data and (dataset := records_there(data, records_dir, recipe)):
        if trains:
            require_classes(dataset.classes, data)
        return fit_recipe(recipe, dataset), dataset
    if (recipe.flow.algorithm == "imported") != bool(flow_dir):
        raise UsageError(
            "Flow of another tool needs --mode=prepare with both --set "
            "flow.algorithm=imported and --flow_dir=FOLDER; then name the "
            "prepared records with --data."
        )
    require_preparation()
    recipe, listing, identity = _listing(recipe, data, records_dir, annotations)
    # Before hours of preparation.
    flow_library(recipe.flow)
    if trains:
        require_classes(listing.classes, annotations or data or "the toy")
    if flow_dir:
        listing = listing.with_flow(flow_dir)
        identity = f"{identity} {Path(flow_dir).resolve()}"
    folder = dataset_folder(
        records_dir, listing.name, recipe.data, recipe.flow, identity
    )
    prepare(
        listing,
        folder,
        data=recipe.data,
        flow=recipe.flow,
        beam_args=beam_args,
    )
    dataset = open_dataset(folder)
    return with_clip_size(recipe, dataset), dataset


def records_there(
    data: str, records_dir: str, recipe: Recipe
) -> Dataset | None:
    """Records that need not be made, ours or those of another tool.

    Raises:
      UsageError: they are of videos and the recipe is of features, or the
        other way round.
    """
    if (to_path(data) / "dataset.json").exists():
        dataset = open_dataset(data)
        if (dataset.kind == "features") != recipe.of_features:
            raise UsageError(
                f"{data} holds "
                + ("videos" if recipe.of_features else "features of frames")
                + f", and the recipe {recipe.name!r} has task={recipe.task}: "
                "see docs/youtube8m.md."
            )
        return dataset
    if recipe.of_features:
        return adopt_features(to_path(data), to_path(records_dir))
    if foreign_shards(to_path(data)):
        return adopt(to_path(data), to_path(records_dir), recipe.data)
    return None


def _listing(
    recipe: Recipe,
    data: str | None,
    records_dir: str,
    annotations: str | None,
) -> tuple[Recipe, Listing, str]:
    """The recipe with its short side set, the videos, and what tells them."""
    if not data:
        if recipe.toy is None:
            raise UsageError(
                f"The recipe {recipe.name!r} needs --data=FOLDER with one "
                "sub-folder of videos per class."
            )
        persons = recipe.toy.motions == "persons"
        made = toy_persons if persons else toy_videos
        folder, identity = _toy_folder(recipe, records_dir, made)
        if persons:
            listing = toy_persons.write_persons(
                folder, recipe.toy, recipe.data, recipe.seed
            )
        else:
            listing = toy_videos.write_videos(folder, recipe.toy, recipe.seed)
        return recipe, listing, identity
    require_local(data, "The folder of videos (or of finished records)")
    listing = keep_readable_classes(
        list_videos(data, annotations, recipe.data), recipe.data
    )
    if recipe.data.short_side == 0:
        side = _smallest_side(listing.sources, recipe.data)
        recipe = dataclasses.replace(
            recipe, data=dataclasses.replace(recipe.data, short_side=side)
        )
    places = [Path(place).resolve() for place in (data, annotations) if place]
    return recipe, listing, " ".join(map(str, places))


def _toy_folder(recipe: Recipe, records_dir: str, made) -> tuple[Path, str]:
    """Where the files of the generator `made` are, and what tells them."""
    identity = digest(recipe.toy, recipe.seed, made.GENERATOR_VERSION)
    local = "records" if is_remote(records_dir) else records_dir
    return Path(local) / "videos" / f"toy-{identity[:8]}", identity


def _toy_features(recipe: Recipe, toy: ToyRecipe, records_dir: str) -> str:
    """The folder of the toy's features, which are written where missing."""
    folder, _ = _toy_folder(recipe, records_dir, toy_features)
    toy_features.write_features(folder, toy, recipe.seed)
    return str(folder)


def _smallest_side(sources: Sequence[Source], data: DataRecipe) -> int:
    """Short side of the smallest video, at most 256; says which one it was."""
    sides = {}
    for source in tqdm(
        sources,
        unit="video",
        desc="reading sizes",
        leave=False,
        disable=len(sources) < 50,
    ):
        try:
            sides[source.path] = min(decode_sandbox.frame_size(source, data))
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
