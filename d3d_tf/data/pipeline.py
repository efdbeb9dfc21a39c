"""From shards to batches, on one page.

shard -> serialized record -> parse -> draw a clip -> decode its frames only
-> crop and flip -> scale -> batch. A *clip* is what a network sees of a
*video*; a *view* is how it is chosen. Every draw is a function of (seed,
epoch, clip id), and the order of one of (seed, epoch): neither depends on the
number of threads.
"""

import dataclasses
import json
from pathlib import Path

import tensorflow as tf

from d3d_tf import schema
from d3d_tf.config import ClipRecipe
from d3d_tf.data.geometry import (
    centre_geometry,
    crop_and_flip,
    random_geometry,
)
from d3d_tf.errors import UserError

# (u, v) / 20 px reaches the networks, whatever the records' saturation: the
# scale of the I3D authors' flow, [-1, 1] for motion up to 20 px per frame.
FLOW_SCALE = 20.0
# Serialized records, not clips, are shuffled, in windows of so many bytes.
SHUFFLE_BYTES = 512 * 2**20


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A prepared record folder, as `prepare` describes it in dataset.json."""

    folder: Path
    info: dict

    @property
    def classes(self) -> list[str]:
        """Class names; the order is the label."""
        return self.info["classes"]

    @property
    def splits(self) -> dict[str, int]:
        """Videos per split."""
        return self.info["splits"]

    @property
    def test_splits(self) -> list[str]:
        """Splits that are not trained on; the hardest last."""
        return [name for name in self.splits if name != "train"]

    def shuffle_window(self) -> int:
        """How many records are shuffled together; at least 16."""
        mean = self.info["num_bytes"] / self.info["num_videos"]
        return max(16, int(SHUFFLE_BYTES / mean))

    def skipped(self) -> list[dict]:
        """Rows of manifest.json for files that could not be used."""
        rows = json.loads((self.folder / "manifest.json").read_text())
        return [row for row in rows if "skipped" in row]

    def shards(self, split: str) -> list[str]:
        """The split's files, in order."""
        return [
            str(self.folder / name)
            for name in self.info["shards"]
            if name.startswith(f"{split}-")
        ]


def open_dataset(folder: str | Path) -> Dataset:
    """Reads `dataset.json` of a record folder.

    Raises:
      UserError: the folder holds no finished records.
    """
    folder = Path(folder)
    try:
        info = json.loads((folder / "dataset.json").read_text())
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} holds no finished records (no readable dataset.json): "
            "run --mode=prepare first, or name the folder it printed."
        ) from error
    return Dataset(folder, info)


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
    shards = dataset.shards(split)
    window = dataset.shuffle_window()

    def epoch_records(epoch):
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        files = tf.random.experimental.stateless_shuffle(shards, key)
        return (
            tf.data.Dataset.from_tensor_slices(files)
            .interleave(
                tf.data.TFRecordDataset,
                cycle_length=len(shards),
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
            .batch(window)
            .enumerate()
            .flat_map(
                lambda i, records: tf.data.Dataset.from_tensor_slices(
                    tf.random.experimental.stateless_shuffle(
                        records, tf.stack([key[0] + 1_000_003 * (i + 1), epoch])
                    )
                )
            )
            .map(lambda record: (record, epoch))
        )

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
        records = tf.data.Dataset.range(2**40).flat_map(epoch_records)
        records = records.skip(start_step * batch_size)
    else:
        records = tf.data.TFRecordDataset(shards).map(
            lambda record: (record, tf.constant(0, tf.int64))
        )
    return (
        records.map(
            to_clip, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        .batch(batch_size, drop_remainder=training)
        .prefetch(2)
    )


def parse(record, streams) -> dict:
    """A serialized record to still encoded frames and what a draw needs."""
    keys = {
        "frames": schema.IMAGE_ENCODED,
        "flow": schema.FLOW + schema.IMAGE_ENCODED,
    }
    pictures = [stream for stream in streams if stream in keys]
    context, lists = tf.io.parse_single_sequence_example(
        record,
        context_features={
            schema.EXAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
            schema.LABEL_INDEX: tf.io.FixedLenFeature([], tf.int64),
            schema.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
            schema.IMAGE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
            schema.FLOW_SATURATION: tf.io.FixedLenFeature(
                [], tf.float32, default_value=FLOW_SCALE
            ),
        },
        sequence_features={
            keys[stream]: tf.io.FixedLenSequenceFeature([], tf.string)
            for stream in pictures
        },
    )
    video = {stream: lists[keys[stream]] for stream in pictures}
    return video | {
        "id": context[schema.EXAMPLE_ID],
        "label": context[schema.LABEL_INDEX],
        "length": tf.shape(video[pictures[0]])[0],
        "height": tf.cast(context[schema.IMAGE_HEIGHT], tf.int32),
        "width": tf.cast(context[schema.IMAGE_WIDTH], tf.int32),
        "saturation": context[schema.FLOW_SATURATION],
    }


def decode_frames(encoded, geometry):
    """JPEG `[length]` to float32 `[time, size, size, 3]` in [-1, 1]."""
    pixels = tf.map_fn(
        lambda jpeg: tf.io.decode_jpeg(jpeg, 3),
        tf.gather(encoded, geometry.indices),
        fn_output_signature=tf.uint8,
    )
    pixels = crop_and_flip(pixels, geometry)
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0


def decode_flow(encoded, geometry, saturation):
    """PNG codes `[length]` to float32 `[time, size, size, 2]`, px / 20."""
    codes = tf.map_fn(
        lambda png: tf.io.decode_png(png, 3),
        tf.gather(encoded, geometry.indices),
        fn_output_signature=tf.uint8,
    )
    codes = crop_and_flip(codes, geometry)[..., :2]
    vectors = tf.cast(codes, tf.float32) - float(schema.ZERO_CODE)
    vectors *= saturation / (schema.CODE_RANGE * FLOW_SCALE)
    # A mirrored picture moves the other way.
    mirror = tf.where(geometry.flip, [-1.0, 1.0], [1.0, 1.0])
    return tf.clip_by_value(vectors * mirror, -1.0, 1.0)
