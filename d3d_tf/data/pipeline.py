"""From shards to batches, on one page.

shards -> serialized records (see `shuffle`) -> one clip of each (see
`one_clip`: parse, draw, decode its frames only, crop and flip, colours) ->
batch -> scale. A *clip* is what a network sees of a *video*; a *view* is how it
is chosen. Every draw is a function of (seed, epoch, clip id), and the order is
one of (seed, epoch): neither depends on the number of threads.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.kinds import reader
from d3d_tf.data.one_clip import (
    evaluation_clip,
    mirrored_classes,
    scale,
    training_clip,
)
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.errors import UserError
from d3d_tf.pixels import SYMMETRIC, Pixels
from d3d_tf.tasks import task_of

ONE_VIEW = EvaluationRecipe()
STREAMS = ("frames", "flow")
# Nothing here branches on a tensor: AutoGraph, which takes up to a second for
# each function, has nothing to do.
_as_it_is = tf.autograph.experimental.do_not_convert


def make_dataset(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    training: bool,
    streams: tuple[str, ...] = STREAMS,
    **options: Any,
) -> tf.data.Dataset:
    """Batches of `(inputs, label)`.

    Inputs are a dict of the asked streams:
      frames: float32 `[batch, time, size, size, 3]` RGB as `pixels` makes it,
        in [-1, 1] by default,
      flow: float32 `[batch, time, size, size, 2]`, (u, v) / 20 px per frame,
      id: string `[batch]`, the record's `example/id`;
    label: `[batch, ...]`, the target of the data set's task; of classification
      int64 `[batch]`.

    Args:
      records: a record folder, which is read for classification, or an open
        one.
      split: one of its splits.
      clip: length and size; of the training also crop, flip and colours.
      batch_size: clips per batch, over all replicas.
      training: what `training_batches` makes, else `evaluation_batches`.
      streams: the inputs wanted; what is not is not decoded.
      options: `pixels` of the network, `seed` and `start_step` of the
        training, `views` of the evaluation.

    Raises:
      UserError: no such split, no flow, the records are smaller than the
        clip, or the shards are not those that were counted; `swap_on_flip`
        names a class that the records do not have.
    """
    make = training_batches if training else evaluation_batches
    return make(
        records, split, clip, batch_size=batch_size, streams=streams, **options
    )


def training_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    streams: tuple[str, ...] = STREAMS,
    pixels: Pixels = SYMMETRIC,
    seed: int = 0,
    start_step: int = 0,
) -> tf.data.Dataset:
    """Endless, shuffled and augmented; see `make_dataset`.

    Args:
      records, split, clip, batch_size, streams: as there.
      pixels: how the network wants RGB.
      seed: of order and augmentation.
      start_step: begin with this batch: the data of a resumed run.
    """
    dataset = _opened(records, split, clip, streams)
    swapped = mirrored_classes(clip, dataset.classes)
    target = task_of(dataset.task).target
    read = reader(dataset, split)
    serialized = shuffled_records(
        dataset.shards(split),
        seed=seed,
        window=dataset.shuffle_window(),
        start=start_step * batch_size,
    )

    def to_clip(record: Any, epoch: Any) -> tuple[dict[str, Any], Any]:
        return training_clip(
            record,
            epoch,
            clip,
            streams=streams,
            seed=seed,
            read=read,
            mirrored=functools.partial(target.mirrored, classes=swapped),
        )

    return _batches(serialized, to_clip, batch_size, pixels, whole=True)


def evaluation_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    streams: tuple[str, ...] = STREAMS,
    pixels: Pixels = SYMMETRIC,
    views: EvaluationRecipe = ONE_VIEW,
) -> tf.data.Dataset:
    """Each video once; see `make_dataset`.

    In the order of the shards, in its views one after another; the last batch
    may be smaller.

    Args:
      records, split, clip, batch_size, streams: as there.
      pixels: how the network wants RGB.
      views: of each video; default: the centre.
    """
    dataset = _opened(records, split, clip, streams)
    read = reader(dataset, split)
    numbers = tf.range(views.clips * views.crops)
    shards = tf.data.TFRecordDataset(list(dataset.shards(split)))
    views_of_it = tf.data.Dataset.from_tensor_slices(numbers)
    serialized = shards.flat_map(
        _as_it_is(lambda record: views_of_it.map(lambda view: (record, view)))
    )

    def to_clip(record: Any, view: Any) -> tuple[dict[str, Any], Any]:
        return evaluation_clip(
            record, view, clip, views, streams=streams, read=read
        )

    return _batches(serialized, to_clip, batch_size, pixels, whole=False)


def _opened(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    streams: tuple[str, ...],
) -> Dataset:
    """The records, which have the split, the clip's pixels, and the flow."""
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
    return dataset


def _batches(
    serialized: tf.data.Dataset,
    to_clip: Callable[..., Any],
    batch_size: int,
    pixels: Pixels,
    *,
    whole: bool,
) -> tf.data.Dataset:
    return (
        serialized.map(
            _as_it_is(to_clip),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .batch(batch_size, drop_remainder=whole)
        # Bytes are a quarter to move of what floats are.
        .map(
            _as_it_is(lambda clips, labels: (scale(clips, pixels), labels)),
            num_parallel_calls=2,
            deterministic=True,
        )
        .prefetch(1)
    )
