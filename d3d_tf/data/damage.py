"""Finds the record that caused an error of reading or decoding."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf
from tqdm import tqdm

from d3d_tf.data.counted import Counted, remedy
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.parse_youtube8m import parse_videos
from d3d_tf.data.shards import records_of
from d3d_tf.data.soundness import pixel_problem, words_of
from d3d_tf.errors import UserError


@contextlib.contextmanager
def naming_damage(dataset: Dataset, split: str) -> Iterator[None]:
    """Makes TensorFlow's errors name the record of the split that caused them.

    The graph that reads does not know where a record came from. So the split
    is read again, up to the first record that cannot be used.

    Raises:
      UserError: with the file and the number of the record.
    """
    try:
        yield
    except (
        tf.errors.DataLossError,
        tf.errors.InvalidArgumentError,
        tf.errors.NotFoundError,
    ) as error:
        found = find_damage(dataset, split)
        if not found:
            raise
        raise UserError(f"{found}. {remedy(dataset)}") from error


def find_damage(dataset: Dataset, split: str) -> str | None:
    """The first record that cannot be used, with the reason; or None.

    Raises:
      UserError: a shard is not the one that was counted.
    """
    if dataset.kind == "features":
        return _damaged_video(dataset, split)
    counted = Counted(dataset, split)
    shards = dataset.shards(split)
    for path in tqdm(
        shards, unit="file", desc="looking for the record", leave=False
    ):
        for number, record in records_of(path):
            problem = (
                record
                if isinstance(record, str)
                else pixel_problem(record) or counted.problem(record)
            )
            if problem:
                return f"{path}, record {number}, {problem}"
    return None


def _damaged_video(dataset: Dataset, split: str) -> str | None:
    """As `find_damage`, of YouTube-8M's files."""
    level = dataset.info["features"]["video_level"]
    for path in dataset.shards(split):
        videos = tf.data.TFRecordDataset(path).batch(1)
        videos = videos.map(
            lambda records: parse_videos(records, len(dataset.classes), level)
        )
        number = 0
        try:
            for _ in videos:
                number += 1
        except tf.errors.OpError as error:
            wrong = f"cannot be read: {words_of(error)}"
            return f"{path}, record {number + 1}, {wrong}"
    return None
