"""From shards to batches, on one page.

shards -> serialized records (see `order`) -> parse -> draw a clip -> decode its
frames only -> crop and flip -> colours -> batch -> scale. A *clip* is what a
network sees of a *video*; a *view* is how it is chosen. Every draw is a
function of (seed, epoch, clip id), and the order of one of (seed, epoch):
neither depends on the number of threads.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.colour_jitter import random_jitter
from d3d_tf.data.counted import Counted
from d3d_tf.data.crops import random_geometry, view_geometry
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.decode import (
    decode_flow,
    decode_frames,
    flow_factors,
    parse,
    scale_flow,
    scale_frames,
)
from d3d_tf.data.parse_foreign import parse_foreign
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.errors import UserError

ONE_VIEW = EvaluationRecipe()


def make_dataset(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    training: bool,
    streams: tuple[str, ...] = ("frames", "flow"),
    seed: int = 0,
    start_step: int = 0,
    views: EvaluationRecipe = ONE_VIEW,
) -> tf.data.Dataset:
    """Batches of `(inputs, label)`.

    Inputs are a dict of the asked streams:
      frames: float32 `[batch, time, size, size, 3]` RGB in [-1, 1],
      flow: float32 `[batch, time, size, size, 2]`, (u, v) / 20 px per frame,
      id: string `[batch]`, the record's `example/id`;
    label: int64 `[batch]`.

    Args:
      records: a record folder.
      split: one of its splits.
      clip: length and size; of the training also crop, flip and colours.
      batch_size: clips per batch, over all replicas.
      training: endless, shuffled and augmented; else each video once, in the
        order of the shards, in the asked views one after another, the last
        batch maybe smaller.
      streams: the inputs wanted; what is not is not decoded.
      seed: of order and augmentation.
      start_step: begin with this batch (training): the data of a resumed run.
      views: of each video (evaluation); default: the centre.

    Raises:
      UserError: no such split, no flow, the records are smaller than the
        clip, or the shards are not those that were counted.
    """
    dataset = records if isinstance(records, Dataset) else open_dataset(records)
    if not dataset.splits.get(split):
        raise UserError(
            f"{dataset.folder} has no split {split!r}; it has "
            f"{', '.join(dataset.splits)}."
        )
    stored = dataset.info["recipe"]["data"]["short_side"]
    if clip.size > stored:
        raise UserError(
            f"clip.size={clip.size} does not fit into the {stored} pixels of "
            f"the records' short side ({dataset.folder})."
        )
    if "flow" in streams:
        dataset.require_flow()
    shards = dataset.shards(split)
    foreign = dataset.info.get("foreign")
    counted = Counted(dataset, split)

    def read(record: Any, streams: tuple[str, ...]) -> dict[str, Any]:
        if not foreign:
            return counted.require(parse(record, streams), streams)
        classes = dataset.classes if foreign["label_by_string"] else None
        return counted.require(parse_foreign(record, classes), streams)

    if training:
        serialized = shuffled_records(
            shards,
            seed=seed,
            window=dataset.shuffle_window(),
            start=start_step * batch_size,
        )

        def to_clip(record: Any, number: Any) -> tuple[dict[str, Any], Any]:
            return training_clip(
                record, number, clip, streams=streams, seed=seed, read=read
            )
    else:
        numbers = tf.range(views.clips * views.crops)
        serialized = tf.data.TFRecordDataset(list(shards)).flat_map(
            lambda record: tf.data.Dataset.from_tensor_slices(numbers).map(
                lambda view: (record, view)
            )
        )

        def to_clip(record: Any, number: Any) -> tuple[dict[str, Any], Any]:
            return evaluation_clip(
                record, number, clip, views, streams=streams, read=read
            )

    return (
        serialized.map(
            to_clip, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        .batch(batch_size, drop_remainder=training)
        # Bytes are a quarter to move of what floats are.
        .map(
            lambda clips, labels: (scale(clips), labels),
            num_parallel_calls=2,
            deterministic=True,
        )
        .prefetch(1)
    )


def training_clip(
    record: Any,
    epoch: Any,
    clip: ClipRecipe,
    *,
    streams: tuple[str, ...] = ("frames", "flow"),
    seed: int = 0,
    read: Callable[..., dict[str, Any]] = parse,
) -> tuple[dict[str, Any], Any]:
    """What the training sees of one video in one epoch; see `make_dataset`.

    Args:
      record: string scalar, a serialized record.
      epoch: integer scalar.
      clip, streams, seed: as in `make_dataset`.
      read: record and streams to what `parse` gives.

    Returns:
      `(clip, label)` without the batch axis; the clip is for `scale`.
    """
    video = read(record, streams)
    clip_key = tf.strings.to_hash_bucket_fast(video["id"], 2**31 - 1)
    epoch_key = tf.cast(epoch, tf.int32) + tf.constant(
        (seed * 7919) % (2**31 - 1), tf.int32
    )
    draw = tf.stack([epoch_key, tf.cast(clip_key, tf.int32)])
    geometry = random_geometry(
        video["length"],
        video["height"],
        video["width"],
        clip=clip,
        seed=draw,
    )
    jitter = random_jitter(clip, draw)
    return _decode(video, geometry, streams, jitter), video["label"]


def evaluation_clip(
    record: Any,
    view: Any,
    clip: ClipRecipe,
    views: EvaluationRecipe,
    *,
    streams: tuple[str, ...],
    read: Callable[..., dict[str, Any]] = parse,
) -> tuple[dict[str, Any], Any]:
    """One view of one video; see `view_geometry` and `training_clip`."""
    video = read(record, streams)
    geometry = view_geometry(
        view,
        video["length"],
        video["height"],
        video["width"],
        views=views,
        frames=views.clip_frames or clip.frames,
        size=clip.size,
    )
    return _decode(video, geometry, streams), video["label"]


def scale(clips: dict[str, Any]) -> dict[str, Any]:
    """The inputs of the networks, see `make_dataset`, of one clip or many."""
    inputs = dict(clips)
    if "frames" in clips:
        inputs["frames"] = scale_frames(clips["frames"])
    if "flow" in clips:
        inputs["flow"] = scale_flow(clips["flow"], inputs.pop("factors"))
    return inputs


def _decode(
    video: dict[str, Any],
    geometry: Any,
    streams: tuple[str, ...],
    jitter: Any = None,
) -> dict[str, Any]:
    """The asked streams of a parsed record, not yet scaled."""
    clip = {}
    if "id" in streams:
        clip["id"] = video["id"]
    if "frames" in streams:
        clip["frames"] = decode_frames(video["frames"], geometry, jitter)
    if "flow" in streams:
        clip["flow"] = decode_flow(video["flow"], geometry)
        clip["factors"] = flow_factors(video["saturation"], geometry)
    return clip
