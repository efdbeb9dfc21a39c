"""Batches for and with a teacher's logits that are kept; see `pipeline`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.batches import (
    STREAMS,
    as_it_is,
    batches,
    opened,
    to_training_clip,
)
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.pixels import SYMMETRIC, Pixels


def epoch_batches(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    *,
    epoch: int,
    batch_size: int,
    streams: tuple[str, ...] = STREAMS,
    pixels: Pixels = SYMMETRIC,
    seed: int = 0,
) -> tf.data.Dataset:
    """The clips that `training_batches` draws in one epoch, each once.

    In the order of the shards; the last batch may be smaller.

    Args:
      records, split, clip, batch_size, streams, pixels, seed: as there.
      epoch: from 0.
    """
    dataset = opened(records, split, clip, streams)
    serialized = tf.data.TFRecordDataset(list(dataset.shards(split)))
    return batches(
        serialized.map(as_it_is(lambda record: (record, epoch))),
        to_training_clip(dataset, split, clip, streams, seed),
        batch_size,
        pixels,
        whole=False,
    )


def with_logits(
    serialized: tf.data.Dataset,
    to_clip: Callable[..., Any],
    batch_size: int,
    pixels: Pixels,
    teacher_logits: TeacherLogits,
    service: str = "",
) -> tf.data.Dataset:
    """Whole batches with their ids made into the input `teacher_logits`."""

    def with_epoch(record: Any, epoch: Any) -> tuple[dict[str, Any], Any]:
        epoch = teacher_logits.epoch(epoch)
        inputs, label = to_clip(record, epoch)
        return inputs | {"epoch": epoch}, label

    lookup = teacher_logits.lookup()

    def looked_up(inputs: Any, label: Any) -> tuple[dict[str, Any], Any]:
        inputs = dict(inputs)
        found = lookup(inputs.pop("id"), inputs.pop("epoch"))
        return inputs | {"teacher_logits": found}, label

    return batches(
        serialized,
        with_epoch,
        batch_size,
        pixels,
        whole=True,
        finish=looked_up,
        service=service,
    )
