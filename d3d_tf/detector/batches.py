"""Batches of clips around keyframes, from shards of their records."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from typing_extensions import Unpack

from d3d_tf.config import ClipRecipe
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.data.batches import as_it_is, batches, opened
from d3d_tf.data.counted import Counted
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.one_clip import scale
from d3d_tf.data.parts import Reading, taken_of
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.data.untuned import untuned
from d3d_tf.detector.clips import parse_keyframe, training_clip, whole_clip
from d3d_tf.errors import UserError
from d3d_tf.pixels import SYMMETRIC, Pixels
from d3d_tf.tasks import DETECTION


def training_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    detector: DetectorRecipe,
    *,
    batch_size: int,
    pixels: Pixels = SYMMETRIC,
    seed: int = 0,
    **more: Unpack[Reading],
) -> tf.data.Dataset:
    """Endless, shuffled and augmented batches of `(inputs, lesson)`.

    Inputs are `frames`, float32 `[batch, time, size, size, 3]` as `pixels`
    makes it, and `boxes`, float32 `[batch, rois, 4]`: y1, x1, y2, x2 as shares
    of the crop; the lesson is a joined `Lesson` of them. With an RPN, which
    finds boxes in the step, inputs are `frames`, `persons`, what is true,
    float32 `[batch, P, 4 + classes]`, `proposals` of the records, float32
    `[batch, Q, 4]`, both filled up with rows of zeros, and `seed` of the draws,
    int32 `[batch, 2]`; the lesson is `persons`.

    Args:
      records, split, clip, batch_size, pixels, seed: as in
        `d3d_tf.data.pipeline.training_batches`.
      detector: which boxes are learned.
      more: `start_step` and `part`, as there.

    Raises:
      UserError: as there; or the records are not around keyframes.
    """
    part, start_step = taken_of(more)
    dataset = _opened(records, split, clip, scaled=False)
    serialized = shuffled_records(
        dataset.shards(split),
        seed=seed,
        window=dataset.shuffle_window(),
        start=start_step * batch_size,
    )
    serialized = part.of_batches(serialized, batch_size)
    to_clip = functools.partial(
        training_clip,
        clip=clip,
        detector=detector,
        seed=seed,
        read=_reader(dataset, split),
    )
    return batches(
        serialized,
        to_clip,
        part.batch_size(batch_size),
        pixels,
        whole=True,
        padded=detector.rpn,
        service=part.service,
    )


def scoring_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    batch_size: int,
    short_side: int = 0,
    pixels: Pixels = SYMMETRIC,
) -> tf.data.Dataset:
    """Every keyframe once, in whole frames.

    Keyframes of videos of one size share a batch, so that nothing is added to
    a frame and the batch does not change what a network says. What follows is
    the order of the shards, but for that.

    Args:
      records, split, clip, batch_size, pixels: as in
        `d3d_tf.data.pipeline.evaluation_batches`; `clip.size` has no effect.
      short_side: of the frames, in pixels; 0: they stay as stored.

    Returns:
      A dict: `id` string `[batch]`, `frames` float32 `[batch, time, height,
      width, 3]`, and, filled up with rows of zeros, `persons` float32 `[batch,
      P, 4 + classes]` and `proposals` float32 `[batch, Q, 5]`.

    Raises:
      UserError: as `training_batches`.
    """
    dataset = _opened(records, split, clip, scaled=True)
    to_clip = functools.partial(
        whole_clip,
        clip=clip,
        short_side=short_side,
        read=_reader(dataset, split),
    )
    shards = tf.data.TFRecordDataset(list(dataset.shards(split)))
    clips = shards.map(as_it_is(to_clip), num_parallel_calls=tf.data.AUTOTUNE)
    grouped = clips.group_by_window(
        as_it_is(_size),
        as_it_is(lambda _, same: same.padded_batch(batch_size)),
        window_size=batch_size,
    )
    return untuned(grouped.map(as_it_is(lambda batch: scale(batch, pixels))))


def _size(clip) -> Any:
    """An integer per height and width."""
    height, width = tf.unstack(tf.shape(clip["frames"])[1:3])
    return tf.cast(height * 2**15 + width, tf.int64)


def _opened(records, split: str, clip: ClipRecipe, scaled: bool) -> Dataset:
    dataset = opened(records, split, clip, ("frames",), scaled)
    if not dataset.has_keyframes:
        raise UserError(
            f"The records of {dataset.folder} do not say who is where; prepare "
            "them with --set layout=ava (docs/detection.md)."
        )
    return dataset.for_task(DETECTION)


def _reader(dataset: Dataset, split: str) -> Callable:
    """What parses a record, and compares it with the manifest."""
    count = len(dataset.classes)
    counted = Counted(dataset, split)

    def read(record, streams):
        video = parse_keyframe(record, streams, count)
        return counted.require(video, streams)

    return read
