"""Writes features as YouTube-8M has them: a file for each shard of videos."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import appearing
from d3d_tf.data.shards import split_of
from d3d_tf.disk import naming_refusal
from d3d_tf.extract.pca import to_bytes

# What the kit calls the files of a split, where it is another word.
_NAMES = {"validation": "validate"}


@dataclasses.dataclass(frozen=True)
class Video:
    """What is known of a video.

    Attributes:
      id: as in its record.
      labels: its classes.
      features: float `[seconds, width]`.
    """

    id: str
    labels: list[int]
    features: np.ndarray


def kit_name(split: str, number: int) -> str:
    """The name of a file, such as `train0000.tfrecord`."""
    split = split_of(split)
    return f"{_NAMES.get(split, split)}{number:04d}.tfrecord"


def write_features(path: Path, videos: Iterator[Video]) -> int:
    """Writes a file, which appears whole; returns how many videos it has.

    Raises:
      DiskError: there is no room, or no right to write.
    """
    count = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(naming_refusal(path, what="this file"))
        name = stack.enter_context(appearing(path))
        writer = stack.enter_context(tf.io.TFRecordWriter(name))
        for video in videos:
            writer.write(serialized(video))
            count += 1
    return count


def serialized(video: Video) -> bytes:
    """A SequenceExample of `id`, `labels` and `rgb`, a byte for a feature."""
    example = tf.train.SequenceExample()
    context = example.context.feature
    context["id"].bytes_list.value.append(video.id.encode())
    context["labels"].int64_list.value.extend(video.labels)
    frames = example.feature_lists.feature_list["rgb"].feature
    for codes in to_bytes(video.features):
        frames.add().bytes_list.value.append(codes.tobytes())
    return example.SerializeToString()
