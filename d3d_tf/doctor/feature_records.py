"""Reads a folder of YouTube-8M's files, record by record."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tqdm import tqdm

from d3d_tf.atomic_files import file_size, to_path
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.feature_sets import classes_of
from d3d_tf.data.framing import read_context
from d3d_tf.data.shards import foreign_shards, records_of, split_of
from d3d_tf.streams import FEATURES

# Of the release, by what it calls the id of a video.
YEARS = {"id": 2018, "video_id": 2017}


@dataclasses.dataclass(frozen=True)
class Files:
    """What is to be checked.

    Attributes:
      folder: where the files are.
      shards: their bytes, by relative path.
      num_classes: of the labels.
      widths: how many features a frame has.
      promised: what dataset.json says of them; None: there is none.
    """

    folder: Path
    shards: dict[str, int]
    num_classes: int
    widths: Mapping[str, int]
    promised: Dataset | None = None


@dataclasses.dataclass(frozen=True)
class Look:
    """What was seen of a record.

    Attributes:
      place: its file and number.
      split: by the name of the file.
      id, key: and what the id is called.
      labels: as they are written.
      frames: how many; None: it has the means of a video.
      wrong: why it cannot be read, in words that follow its place.
      numbers: bytes, or means, of its pictures, of those of the sample.
    """

    place: str
    split: str
    id: str = ""
    key: str = ""
    labels: tuple[int, ...] = ()
    frames: int | None = None
    wrong: tuple[str, ...] = ()
    numbers: np.ndarray | None = None


def feature_files(data: str) -> Files | None:
    """The files of a folder of YouTube-8M, or of a dataset.json of features.

    Raises:
      UserError: its `dataset.json`, or list of classes, cannot be used.
    """
    folder = to_path(data)
    if (folder / "dataset.json").exists():
        dataset = open_dataset(folder)
        if dataset.kind != "features":
            return None
        told = dataset.info["features"]
        there = to_path(told["folder"])
        names = [name for part in told["shards"].values() for name in part]
        shards = {
            name: file_size(there / name)
            for name in names
            if (there / name).exists()
        }
        widths = told["widths"]
        return Files(there, shards, len(dataset.classes), widths, dataset)
    shards = foreign_shards(folder)
    if not any(_is_features(folder / name) for name in shards):
        return None
    count = len(classes_of(folder, sorted(shards)))
    return Files(folder, shards, count, FEATURES)


def _is_features(path: Path) -> bool:
    """By the first record."""
    try:
        context = tf.train.Features.FromString(read_context(path)).feature
    except DecodeError:
        return False
    return bool(YEARS.keys() & context.keys())


def look_through(files: Files, sample: int) -> Iterator[Look]:
    """Every record; of the first `sample` of a file (0: all) the numbers."""
    total = sum(files.shards.values())
    with tqdm(
        total=total, unit="B", unit_scale=True, desc="reading records"
    ) as bar:
        for name, size in files.shards.items():
            split = split_of(name)
            for number, record in records_of(str(files.folder / name)):
                place = f"{name}, record {number}"
                if isinstance(record, str):
                    yield Look(place, split, wrong=(record,))
                else:
                    near = not sample or number <= sample
                    yield _look_at(record, place, split, files, near)
            bar.update(size)


def _look_at(
    record: bytes, place: str, split: str, files: Files, near: bool
) -> Look:
    try:
        video = tf.train.SequenceExample.FromString(record)
    except DecodeError:
        return Look(place, split, wrong=("is no SequenceExample",))
    context = video.context.feature
    keys = [key for key in YEARS if key in context]
    names = [v for key in keys for v in context[key].bytes_list.value if v]
    if not names:
        return Look(place, split, wrong=("has no id and no video_id",))
    labels = tuple(context["labels"].int64_list.value)
    if video.feature_lists.feature_list or "mean_rgb" not in context:
        frames, wrong, numbers = _frames(video, files.widths, near)
    else:
        frames, wrong, numbers = _means(context, files.widths, near)
    outside = [n for n in labels if not 0 <= n < files.num_classes]
    if outside:
        wrong.append(f"has a label that is none of {files.num_classes}")
    return Look(
        place,
        split,
        names[0].decode(errors="backslashreplace"),
        keys[0],
        labels,
        frames,
        tuple(wrong),
        numbers,
    )


def _frames(video, widths: Mapping[str, int], near: bool) -> tuple:
    """Number of frames, what is wrong, and the pictures' bytes."""
    lists = video.feature_lists.feature_list
    wrong, counts, numbers = [], [], None
    for name, width in widths.items():
        if not width:
            continue
        values = [b"".join(f.bytes_list.value) for f in lists[name].feature]
        counts.append(len(values))
        odd = sum(len(value) != width for value in values)
        if odd:
            wrong.append(f"has frames whose {name} is not of {width} bytes")
        elif near and name == "rgb" and values:
            joined = np.frombuffer(b"".join(values), np.uint8)
            numbers = joined.reshape(-1, width)
    if min(counts) != max(counts):
        wrong.append("has not as many sounds as pictures")
    return counts[0], wrong, numbers


def _means(context, widths: Mapping[str, int], near: bool) -> tuple:
    wrong, numbers = [], None
    for name, width in widths.items():
        means = np.array(context[f"mean_{name}"].float_list.value)
        if len(means) != width:
            wrong.append(f"has a mean_{name} that is not of {width} numbers")
        elif not np.isfinite(means).all():
            wrong.append(f"has a mean_{name} that is not finite")
        elif near and name == "rgb":
            numbers = means[None]
    return None, wrong, numbers
