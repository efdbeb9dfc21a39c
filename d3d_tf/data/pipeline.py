"""From shards to batches, on one page.

shards -> serialized records (see `order`) -> parse -> draw a clip -> decode its
frames only -> crop and flip -> scale -> batch. A *clip* is what a network sees
of a *video*; a *view* is how it is chosen. Every draw is a function of (seed,
epoch, clip id), and the order of one of (seed, epoch): neither depends on the
number of threads.
"""

from pathlib import Path

import tensorflow as tf

from d3d_tf.config import ClipRecipe
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.decode import decode_flow, decode_frames, parse
from d3d_tf.data.geometry import centre_geometry, random_geometry
from d3d_tf.data.order import shuffled_records
from d3d_tf.errors import UserError


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
      clip: length, size and flip.
      batch_size: clips per batch, over all replicas.
      training: endless, shuffled and augmented; else each video once, in the
        order of the shards, in the centre view, the last batch maybe smaller.
      streams: the inputs wanted; what is not is not decoded.
      seed: of order and augmentation.
      start_step: begin with this batch (training): the data of a resumed run.

    Raises:
      UserError: no such split, or the records are smaller than the clip.
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
    shards = dataset.shards(split)

    def draw(video, epoch):
        if not training:
            return centre_geometry(
                video["length"],
                video["height"],
                video["width"],
                frames=clip.frames,
                size=clip.size,
            )
        clip_key = tf.strings.to_hash_bucket_fast(video["id"], 2**31 - 1)
        epoch_key = tf.cast(epoch, tf.int32) + tf.constant(
            (seed * 7919) % (2**31 - 1), tf.int32
        )
        return random_geometry(
            video["length"],
            video["height"],
            video["width"],
            frames=clip.frames,
            size=clip.size,
            flip=clip.flip,
            seed=tf.stack([epoch_key, tf.cast(clip_key, tf.int32)]),
        )

    def to_clip(record, epoch):
        video = parse(record, streams)
        geometry = draw(video, epoch)
        inputs = {}
        if "id" in streams:
            inputs["id"] = video["id"]
        if "frames" in streams:
            inputs["frames"] = decode_frames(video["frames"], geometry)
        if "flow" in streams:
            inputs["flow"] = decode_flow(
                video["flow"], geometry, video["saturation"]
            )
        return inputs, video["label"]

    if training:
        serialized = shuffled_records(
            shards,
            seed=seed,
            window=dataset.shuffle_window(),
            start=start_step * batch_size,
        )
    else:
        serialized = tf.data.TFRecordDataset(list(shards)).map(
            lambda record: (record, tf.constant(0, tf.int64))
        )
    return (
        serialized.map(
            to_clip, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        .batch(batch_size, drop_remainder=training)
        .prefetch(2)
    )
