"""YouTube-8M's TFRecords as they are published, read where they are.

Frame-level files hold `SequenceExample`s with a context of `id` (2017:
`video_id`) and `labels`, and lists `rgb` and `audio` of bytes, 1024 and 128 a
frame; video-level files hold `Example`s with the means `mean_rgb` and
`mean_audio` as floats.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf import schema
from d3d_tf.atomic_files import file_size
from d3d_tf.config.frame_sampling import MAX_FRAMES, FrameSamplingRecipe
from d3d_tf.data.batches import as_it_is
from d3d_tf.data.dataset import SHUFFLE_BYTES
from d3d_tf.data.frame_sampling import sampled
from d3d_tf.data.framing import count_whole, read_context
from d3d_tf.data.one_clip import draw_of
from d3d_tf.data.shards import foreign_shards, split_of
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.errors import UserError
from d3d_tf.streams import AUDIO_FEATURES, CHANNELS, RGB_FEATURES
from d3d_tf.tasks import YOUTUBE8M, task_of

# Of the releases.
CLASSES = {2017: 4716, 2018: 3862}
# From a byte to a feature: of the range from -2 to 2, with the kit's rounding.
_SCALE, _SHIFT = np.float32(4 / 255), np.float32(4 / 512 - 2)
ALL_FRAMES = FrameSamplingRecipe()


@dataclasses.dataclass(frozen=True)
class FeatureFiles:
    """The files of a split.

    Attributes:
      shards: records of each file, by its path, in the order of names.
      num_classes: of the labels.
      video_level: whether a video has one vector, the mean of its frames.
      num_bytes: of all files.
    """

    shards: dict[str, int]
    num_classes: int
    video_level: bool
    num_bytes: int

    @property
    def num_videos(self) -> int:
        """In all files."""
        return sum(self.shards.values())


def open_features(
    folder: str | Path, split: str, num_classes: int = CLASSES[2018]
) -> FeatureFiles:
    """Looks for the files of a split and counts their records.

    Args:
      folder: with files such as train0000.tfrecord.
      split: `train`, `validation` or `test`, by the names of files or of their
        sub-folders.
      num_classes: 4716 of the release of 2017, 3862 of that of 2018.

    Raises:
      UserError: there is no such file, or one is not whole or something else.
    """
    folder = Path(folder)
    names = [n for n in foreign_shards(folder) if split_of(n) == split]
    if not names:
        raise UserError(
            f"{folder} has no TFRecord files of the split {split!r}: name the "
            "folder with YouTube-8M's files, such as train0000.tfrecord."
        )
    shards, kinds = {}, set()
    for name in names:
        path = str(folder / name)
        count, problem = count_whole(path)
        if problem:
            raise UserError(
                f"{path}: after {count} records {problem}. Copy it again."
            )
        shards[path] = count
        if count:
            kinds.add(_is_video_level(path))
    if len(kinds) != 1:
        raise UserError(
            f"The files of {split!r} in {folder} hold "
            + ("frames and means of videos" if kinds else "no videos")
            + ": name a folder with those of one kind."
        )
    size = sum(file_size(path) for path in shards)
    return FeatureFiles(shards, num_classes, kinds.pop(), size)


def _is_video_level(path: str) -> bool:
    """By the first record.

    Raises:
      UserError: it is not YouTube-8M's.
    """
    try:
        found = tf.train.Features.FromString(read_context(path)).feature
    except ValueError:  # Of protobuf; what is there is something else.
        found = {}
    if not {"id", "video_id"} & set(found):
        raise UserError(
            f"{path} holds no videos of YouTube-8M: its first record has no "
            f"`id` and no `video_id`, but {', '.join(sorted(found)) or 'none'}."
        )
    return "mean_rgb" in found


def parse_video(record, num_classes: int, video_level: bool) -> dict:
    """A serialized record to its tensors.

    Args:
      record: string scalar.
      num_classes: of the labels.
      video_level: see `FeatureFiles`.

    Returns:
      `id`, string scalar; `features`, float32 `[300, 1152]` (video-level: `[1,
      1152]`), zeros after the last frame; `frames`, int32 scalar, at most 300;
      `label`, float32 `[num_classes]`, 0 or 1.

    Raises:
      tf.errors.InvalidArgumentError: it has other features, or a label that is
        no class; the text has its id.
    """
    names = tf.io.FixedLenFeature([], tf.string, "")
    context = {
        "id": names,
        "video_id": names,
        "labels": tf.io.VarLenFeature(tf.int64),
    }
    sizes = {"rgb": RGB_FEATURES, "audio": AUDIO_FEATURES}
    if video_level:
        means = {
            f"mean_{name}": tf.io.FixedLenFeature([size], tf.float32)
            for name, size in sizes.items()
        }
        found = tf.io.parse_single_example(record, context | means)
        features = tf.concat([found[name] for name in means], axis=0)[None]
        frames = tf.constant(1)
    else:
        lists = {
            name: tf.io.FixedLenSequenceFeature([], tf.string) for name in sizes
        }
        found, values = tf.io.parse_single_sequence_example(
            record, context, lists
        )
        features, frames = _frames(values, sizes, _id(found))
    labels = found["labels"].values
    known = tf.reduce_all((labels >= 0) & (labels < num_classes))
    _require(known, _id(found), f"a label that is none of {num_classes}")
    label = task_of(YOUTUBE8M).target.parse(
        {schema.LABEL_INDEX: found["labels"]}, num_classes
    )
    return {
        "id": _id(found),
        "features": features,
        "frames": frames,
        "label": label,
    }


def _id(context: dict):
    """The release of 2017 calls it `video_id`."""
    return tf.strings.join([context["id"], context["video_id"]])


def _require(good, id_, problem: str) -> None:
    tf.debugging.Assert(good, ["Video", id_, f"has {problem}"])


def _frames(values: dict, sizes: dict[str, int], id_) -> tuple:
    """Features `[300, 1152]` and the number of frames."""
    counts = [tf.shape(values[name])[0] for name in sizes]
    _require(counts[0] == counts[1], id_, "not as many frames as sounds")
    parts = []
    for name, size in sizes.items():
        frames = values[name][:MAX_FRAMES]
        right = tf.reduce_all(tf.strings.length(frames) == size)
        _require(right, id_, f"a frame whose {name} is not of {size} bytes")
        bytes_ = tf.reshape(tf.io.decode_raw(frames, tf.uint8), [-1, size])
        parts.append(tf.cast(bytes_, tf.float32) * _SCALE + _SHIFT)
    features = tf.concat(parts, axis=1)
    count = tf.minimum(counts[0], MAX_FRAMES)
    padded = tf.pad(features, [[0, MAX_FRAMES - count], [0, 0]])
    return tf.ensure_shape(padded, [MAX_FRAMES, CHANNELS["features"]]), count


def feature_batches(
    files: FeatureFiles,
    *,
    batch_size: int,
    training: bool,
    sampling: FrameSamplingRecipe = ALL_FRAMES,
    seed: int = 0,
    start_step: int = 0,
) -> tf.data.Dataset:
    """Batches of `(inputs, label)`, as `make_dataset` has them of videos.

    Inputs are `features`, a pair that networks of features take (float32
    `[batch, frames, 1152]`, and the number of frames, int32 `[batch]`), and
    `id`, string `[batch]`. `label` is float32 `[batch, classes]`, 0 or 1.

    Args:
      files: of `open_features`.
      batch_size: videos per batch, over all replicas.
      training: endless and shuffled, batches are whole; else each video once,
        in the order of the files.
      sampling: the frames that are seen; what is drawn is a function of seed,
        epoch and id.
      seed: of order and draws.
      start_step: of the training: begin with this batch, as a resumed run.

    Raises:
      UserError: frames of video-level files were to be sampled.
    """
    if files.video_level and sampling.way != "all":
        raise UserError(
            "Video-level files of YouTube-8M hold the mean of all frames, of "
            f"which sampling={sampling.way} can take none: use frame-level "
            "files, or sampling all."
        )

    def to_inputs(record, epoch):
        video = parse_video(record, files.num_classes, files.video_level)
        draw = draw_of(video["id"], epoch, seed)
        pair = sampled(video["features"], video["frames"], sampling, draw)
        return {"features": pair, "id": video["id"]}, video["label"]

    if training:
        mean = files.num_bytes / files.num_videos
        records = shuffled_records(
            files.shards,
            seed=seed,
            window=max(16, int(SHUFFLE_BYTES / mean)),
            start=start_step * batch_size,
        )
    else:
        shards = tf.data.TFRecordDataset(list(files.shards))
        records = shards.map(as_it_is(lambda record: (record, 0)))
    return _batched(records, to_inputs, batch_size, whole=training)


def _batched(
    records: tf.data.Dataset, to_inputs: Callable, batch_size: int, whole: bool
) -> tf.data.Dataset:
    return (
        records.map(
            as_it_is(to_inputs),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .batch(batch_size, drop_remainder=whole)
        .prefetch(1)
    )
