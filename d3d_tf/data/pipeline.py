"""From shards to batches, on one page.

shards -> serialized records (see `shuffle`) -> one clip of each (see
`one_clip`: parse, draw, decode its frames only, crop and flip, colours) ->
batch -> scale. A *clip* is what a network sees of a *video*; a *view* is how it
is chosen. Every draw is a function of (seed, epoch, clip id), and the order is
one of (seed, epoch): neither depends on the number of threads.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from typing_extensions import Unpack

from d3d_tf.config import ClipRecipe, EvaluationRecipe
from d3d_tf.data.batches import (
    STREAMS,
    as_it_is,
    batches,
    opened,
    to_training_clip,
)
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.kinds import reader
from d3d_tf.data.one_clip import evaluation_clip
from d3d_tf.data.parts import WHOLE, Part, Reading, taken_of
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.data.teacher_batches import with_logits
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.pixels import SYMMETRIC, Pixels

ONE_VIEW = EvaluationRecipe()


class More(Reading, total=False):
    """Further arguments of `training_batches`."""

    teacher_logits: TeacherLogits | None


class Options(More, total=False):
    """Further arguments of `make_dataset`."""

    pixels: Pixels
    views: EvaluationRecipe
    seed: int


def make_dataset(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    training: bool,
    streams: tuple[str, ...] = STREAMS,
    **options: Unpack[Options],
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
      options: `pixels` of the network, `part` that a worker reads, `views` of
        the evaluation, `seed`, `start_step` and `teacher_logits` of the
        training.

    Raises:
      UserError: no such split, no flow, the records are smaller than the
        clip, or the shards are not those that were counted; `swap_on_flip`
        names a class that the records do not have.
    """
    make: Callable[..., tf.data.Dataset] = (
        training_batches if training else evaluation_batches
    )
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
    **more: Unpack[More],
) -> tf.data.Dataset:
    """Endless, shuffled and augmented; see `make_dataset`.

    Args:
      records, split, clip, batch_size, streams, pixels: as there.
      seed: of order and augmentation.
      more: the keys of `More`, which are the next three.
      part: what of every batch is made, as batches of one device.
      start_step: begin with this batch: the data of a resumed run.
      teacher_logits: become an input of that name, float32 `[batch, classes]`;
        NaN for videos of which there are none. None: no such input.
    """
    teacher_logits = more.pop("teacher_logits", None)
    part, start_step = taken_of(more)
    dataset = opened(records, split, clip, streams)
    serialized = shuffled_records(
        dataset.shards(split),
        seed=seed,
        window=dataset.shuffle_window(),
        start=start_step * batch_size,
    )
    serialized = part.of_batches(serialized, batch_size)
    batch_size = part.batch_size(batch_size)
    needed = (*streams, "id") if teacher_logits else streams
    to_clip = to_training_clip(dataset, split, clip, needed, seed)
    if teacher_logits:
        return with_logits(
            serialized,
            to_clip,
            batch_size,
            pixels,
            teacher_logits,
            part.service,
        )
    return batches(
        serialized,
        to_clip,
        batch_size,
        pixels,
        whole=True,
        service=part.service,
    )


def evaluation_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    streams: tuple[str, ...] = STREAMS,
    pixels: Pixels = SYMMETRIC,
    views: EvaluationRecipe = ONE_VIEW,
    part: Part = WHOLE,
) -> tf.data.Dataset:
    """Each video once; see `make_dataset`.

    In the order of the shards, in its views one after another; the last batch
    may be smaller.

    Args:
      records, split, clip, batch_size, streams: as there.
      pixels: how the network wants RGB.
      views: of each video; default: the centre.
      part: whose videos are read.
    """
    scaled = bool(views.scaled_short_side)
    dataset = opened(records, split, views.clip_of(clip), streams, scaled)
    read = reader(dataset, split)
    numbers = tf.range(views.clips * views.crops)
    shards = tf.data.TFRecordDataset(list(dataset.shards(split)))
    views_of_it = tf.data.Dataset.from_tensor_slices(numbers)
    serialized = part.of_all(shards).flat_map(
        as_it_is(lambda record: views_of_it.map(lambda view: (record, view)))
    )

    def to_clip(record: Any, view: Any) -> tuple[dict[str, Any], Any]:
        return evaluation_clip(
            record, view, clip, views, streams=streams, read=read
        )

    return batches(serialized, to_clip, batch_size, pixels, whole=False)
