"""Writes features as YouTube-8M has them: a file for each shard of videos."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import appearing
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.shards import split_of
from d3d_tf.data.youtube8m import FeatureFiles
from d3d_tf.disk import naming_refusal
from d3d_tf.extract.pca import Pca, count_cut, to_bytes
from d3d_tf.tfrecords.feature_record import feature_record
from d3d_tf.tfrecords.rows import labels_of

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
            codes = {"rgb": to_bytes(video.features)}
            writer.write(feature_record(video.id, video.labels, codes))
            count += 1
    return count


def read_answers(path: Path) -> dict[str, np.ndarray]:
    """`ids`, `counts` and `features` of a shard, in float."""
    with path.open("rb") as file, np.load(file) as arrays:
        return dict(arrays)


def write_answers(
    folder: Path,
    dataset: Dataset,
    answers: dict[str, list[Path]],
    pca: Pca | None,
) -> tuple[dict[str, FeatureFiles], float]:
    """Writes what a network answered of each second.

    Args:
      folder: of the features.
      dataset: the videos, with their labels.
      answers: by split, a file for each shard; see `read_answers`.
      pca: what they go through first; None: nothing.

    Returns:
      The files of each split, and the share of numbers that were cut off.
    """
    labels = {row["id"]: labels_of(row) for row in dataset.used()}
    cut = total = width = 0
    found = {}
    for split, paths in answers.items():
        counts = {}
        for number, path in enumerate(paths):
            part = read_answers(path)
            features = part["features"]
            if pca:
                features = pca.whitened(features)
            cut += count_cut(features)
            total += features.size
            width = features.shape[1]
            target = folder / kit_name(split, number)
            videos = _videos(part, features, labels)
            counts[str(target)] = write_features(target, videos)
        found[split_of(split)] = FeatureFiles(
            counts, len(dataset.classes), False, 0, {"rgb": width, "audio": 0}
        )
    return found, cut / max(total, 1)


def _videos(part: dict, features: np.ndarray, labels: dict) -> Iterator[Video]:
    starts = np.cumsum(part["counts"])[:-1]
    own = np.split(features, starts)
    for id_, rows in zip(part["ids"].tolist(), own, strict=True):
        yield Video(id_, labels[id_], rows)
