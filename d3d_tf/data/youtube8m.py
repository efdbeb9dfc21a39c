"""YouTube-8M's TFRecords as they are published, read where they are.

Frame-level files hold `SequenceExample`s with a context of `id` (2017:
`video_id`) and `labels`, and lists `rgb` and `audio` of bytes, 1024 and 128 a
frame; video-level files hold `Example`s with the means `mean_rgb` and
`mean_audio` as floats.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError

from d3d_tf.atomic_files import file_size
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.batches import as_it_is
from d3d_tf.data.dataset import SHUFFLE_BYTES
from d3d_tf.data.frame_sampling import drawn_places, sampled
from d3d_tf.data.framing import count_whole, read_context
from d3d_tf.data.one_clip import draw_of
from d3d_tf.data.parse_youtube8m import features_of, parse_videos
from d3d_tf.data.parts import WHOLE, Part
from d3d_tf.data.service import made_by
from d3d_tf.data.shards import foreign_shards, split_of
from d3d_tf.data.shuffle import shuffled_records
from d3d_tf.data.untuned import untuned
from d3d_tf.errors import UserError
from d3d_tf.streams import FEATURES

# Of the releases.
CLASSES = {2017: 4716, 2018: 3862}
ALL_FRAMES = FrameSamplingRecipe()
# Videos that are parsed together: what they become stays near the processor.
CHUNK = 8


@dataclasses.dataclass(frozen=True)
class FeatureFiles:
    """The files of a split.

    Attributes:
      shards: records of each file, by its path, in the order of names.
      num_classes: of the labels; None: they are not read.
      video_level: whether a video has one vector, the mean of its frames.
      num_bytes: of all files.
      widths: how many features a frame has; see `d3d_tf.streams.FEATURES`.
    """

    shards: dict[str, int]
    num_classes: int | None
    video_level: bool
    num_bytes: int
    widths: Mapping[str, int] = dataclasses.field(
        default_factory=lambda: dict(FEATURES)
    )

    @property
    def num_videos(self) -> int:
        """In all files."""
        return sum(self.shards.values())


def open_features(
    folder: str | Path,
    split: str,
    num_classes: int = CLASSES[2018],
    widths: Mapping[str, int] = FEATURES,
) -> FeatureFiles:
    """Looks for the files of a split and counts their records.

    Args:
      folder: with files such as train0000.tfrecord.
      split: `train`, `validation` or `test`, by the names of files or of their
        sub-folders.
      num_classes: 4716 of the release of 2017, 3862 of that of 2018.
      widths: how many features a frame has.

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
        shards[path] = count = _count(path)
        if count:
            kinds.add(_is_video_level(path))
    if len(kinds) != 1:
        raise UserError(
            f"The files of {split!r} in {folder} hold "
            + ("frames and means of videos" if kinds else "no videos")
            + ": name a folder with those of one kind."
        )
    size = sum(file_size(path) for path in shards)
    return FeatureFiles(shards, num_classes, kinds.pop(), size, widths)


def open_file(path: str, widths: Mapping[str, int] = FEATURES) -> FeatureFiles:
    """One file, of whose videos labels are not read.

    Args:
      path: of the file.
      widths: how many features a frame has.

    Raises:
      UserError: it is not whole, or something else.
    """
    count = _count(path)
    if not count:
        raise UserError(f"{path} holds no videos.")
    means = _is_video_level(path)
    return FeatureFiles({path: count}, None, means, file_size(path), widths)


def _count(path: str) -> int:
    """Of records.

    Raises:
      UserError: the file is not whole.
    """
    count, problem = count_whole(path)
    if problem:
        raise UserError(
            f"{path}: after {count} records {problem}. Copy it again."
        )
    return count


def _is_video_level(path: str) -> bool:
    """By the first record.

    Raises:
      UserError: it is not YouTube-8M's.
    """
    try:
        found = tf.train.Features.FromString(read_context(path)).feature
    except DecodeError:
        found = {}
    if not {"id", "video_id"} & set(found):
        raise UserError(
            f"{path} holds no videos of YouTube-8M: its first record has no "
            f"`id` and no `video_id`, but {', '.join(sorted(found)) or 'none'}."
        )
    return "mean_rgb" in found


def feature_batches(
    files: FeatureFiles,
    *,
    batch_size: int,
    training: bool,
    sampling: FrameSamplingRecipe = ALL_FRAMES,
    seed: int = 0,
    start_step: int = 0,
    also_all: bool = False,
    part: Part = WHOLE,
) -> tf.data.Dataset:
    """Batches of `(inputs, label)`, as `make_dataset` has them of videos.

    Inputs are `features`, a pair that networks of features take (float32
    `[batch, frames, N]`, and the number of frames, int32 `[batch]`), and
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
      also_all: `all_features` is another input, what a teacher sees: as
        `features`, of all frames.
      part: what is read; of the training its batches are those of one device.

    Raises:
      UserError: frames of video-level files were to be sampled.
    """
    if files.video_level and sampling.way != "all":
        raise UserError(
            "Video-level files of YouTube-8M hold the mean of all frames, of "
            f"which sampling={sampling.way} can take none: use frame-level "
            "files, or sampling all."
        )
    if training:
        records = _shuffled(files, seed, start_step * batch_size)
        records = part.of_batches(records, batch_size)
        batch_size = part.batch_size(batch_size)
    else:
        shards = part.of_all(tf.data.TFRecordDataset(list(files.shards)))
        records = shards.map(as_it_is(lambda record: (record, 0)))
    some = ALL_FRAMES if also_all else sampling
    parse = functools.partial(_parsed, files, some, seed)
    finish = functools.partial(_inputs, sampling if also_all else None, seed)
    make = functools.partial(_batched, parse, batch_size, training)
    return untuned(
        made_by(part.service if training else "", make, records, batch_size)
        .map(as_it_is(finish), num_parallel_calls=2, deterministic=True)
        .prefetch(1)
    )


def _shuffled(files: FeatureFiles, seed: int, start: int) -> tf.data.Dataset:
    mean = files.num_bytes / files.num_videos
    window = max(16, int(SHUFFLE_BYTES / mean))
    return shuffled_records(files.shards, seed=seed, window=window, start=start)


def _batched(
    parse: Callable[..., dict],
    size: int,
    whole: bool,
    records: tf.data.Dataset,
) -> tf.data.Dataset:
    """Parsed videos; `whole`: a last batch that is smaller is left out."""
    chunks = records.batch(CHUNK).map(
        as_it_is(parse),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    return chunks.rebatch(size, drop_remainder=whole)


def _parsed(
    files: FeatureFiles,
    sampling: FrameSamplingRecipe,
    seed: int,
    records,
    epochs,
) -> dict:
    """Of a chunk of records, `parse_videos`; `epoch` is beside it."""

    def choose(ids, frames):
        return drawn_places(frames, sampling, draw_of(ids, epochs, seed))

    videos = parse_videos(
        records,
        files.num_classes,
        files.video_level,
        files.widths,
        None if sampling.way == "all" else choose,
    )
    return videos | {"epoch": epochs}


def _inputs(
    sampling: FrameSamplingRecipe | None, seed: int, videos: dict
) -> tuple:
    """Of a batch; see `feature_batches`. `sampling`: of all frames, too."""
    pair = features_of(videos), videos["frames"]
    inputs = {"features": pair, "id": videos["id"]}
    if sampling is not None:
        draws = draw_of(videos["id"], videos["epoch"], seed)
        inputs["features"] = sampled(*pair, sampling, draws)
        inputs["all_features"] = pair
    return inputs, videos["label"]
