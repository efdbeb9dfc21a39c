"""What batches of all kinds have in common: the records, and how they go on.

Used by `pipeline` and `teacher_batches`.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.kinds import reader
from d3d_tf.data.one_clip import mirrored_classes, scale, training_clip
from d3d_tf.data.service import made_by
from d3d_tf.data.turns import as_it_is
from d3d_tf.data.untuned import untuned
from d3d_tf.errors import UserError
from d3d_tf.pixels import Pixels
from d3d_tf.tasks import task_of

STREAMS = ("frames", "flow")


def opened(
    records: str | Path | Dataset,
    split: str,
    clip: ClipRecipe,
    streams: tuple[str, ...],
    scaled: bool = False,
) -> Dataset:
    """The records, which have the split, the clip's pixels, and the flow.

    Args:
      records, split, clip, streams: as in `make_dataset`.
      scaled: whether videos are scaled so that the clip fits.
    """
    dataset = records if isinstance(records, Dataset) else open_dataset(records)
    if not sum(dataset.shards(split).values()):
        raise UserError(
            f"{dataset.folder} has no split {split!r}; it has "
            f"{', '.join(dataset.splits)}."
        )
    stored = dataset.info["recipe"]["data"]["short_side"]
    if clip.size > stored and not scaled:
        raise UserError(
            f"clip.size={clip.size} does not fit into the {stored} pixels of "
            f"the records' short side ({dataset.folder})."
        )
    if "flow" in streams:
        dataset.require_flow()
    return dataset


def batches(
    serialized: tf.data.Dataset,
    to_clip: Callable[..., Any],
    batch_size: int,
    pixels: Pixels,
    *,
    whole: bool,
    padded: bool = False,
    finish: Callable[..., Any] = lambda inputs, label: (inputs, label),
    service: str = "",
) -> tf.data.Dataset:
    """Decodes and batches, several records at a time and in their order.

    Args:
      serialized: what `to_clip` takes.
      to_clip: to inputs of one clip, not yet scaled, and its label.
      batch_size: clips per batch.
      pixels: how the network wants RGB.
      whole: drop a last batch that is smaller.
      padded: whether clips differ in their number of rows; zeros follow.
      finish: a last change of inputs and labels of a batch.
      service: of input workers that decode and batch; see `made_by`.
    """

    def decoded(serialized: tf.data.Dataset) -> tf.data.Dataset:
        clips = serialized.map(
            as_it_is(to_clip),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        batch = clips.padded_batch if padded else clips.batch
        return batch(batch_size, drop_remainder=whole)

    return untuned(
        made_by(service, decoded, serialized, batch_size)
        # Bytes are a quarter to move of what floats are.
        .map(
            as_it_is(
                lambda clips, labels: finish(scale(clips, pixels), labels)
            ),
            num_parallel_calls=2,
            deterministic=True,
        )
        .prefetch(1)
    )


def to_training_clip(
    dataset: Dataset,
    split: str,
    clip: ClipRecipe,
    streams: tuple[str, ...],
    seed: int,
) -> Callable[[Any, Any], tuple[dict[str, Any], Any]]:
    """From a record and an epoch to the clip drawn there."""
    swapped = mirrored_classes(clip, dataset.classes)
    target = task_of(dataset.task).target
    return functools.partial(
        training_clip,
        clip=clip,
        streams=streams,
        seed=seed,
        read=reader(dataset, split),
        mirrored=functools.partial(target.mirrored, classes=swapped),
    )
