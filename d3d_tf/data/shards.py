"""Lists and reads the files of records that other tools wrote."""

import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import file_size
from d3d_tf.data.framing import count_whole
from d3d_tf.data.parse_foreign import describe_foreign
from d3d_tf.data.soundness import (
    pixel_problem,
    record_problem,
    words_of,
)

# DMVR's writer gives its files no suffix: `train-00000-of-00016`.
_SHARD = re.compile(r"\.tfrecords?(?![a-z])|-\d{5}-of-\d{5}$")
_AFTER = (
    "from here on the file is damaged, cut off or followed by something else; "
    "copy or write it again"
)
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "validate", "valid", "val", "eval"),
    "test": ("test", "testing"),
}


def foreign_shards(folder: Path) -> dict[str, int]:
    """Files that look like record shards and their bytes, by relative path.

    They are in the folder, or in sub-folders that are named like splits.
    """
    if not folder.is_dir():
        return {}
    names = {name for names in _SPLITS.values() for name in names}
    # No folders of videos: those may hold half a million files.
    folders = [folder, *(p for p in folder.iterdir() if p.name in names)]
    return {
        str(path)[len(str(folder)) + 1 :]: file_size(path)
        for path in sorted(p for f in folders for p in f.glob("*"))
        if _SHARD.search(path.name) and path.is_file()
    }


def split_of(name: str) -> str:
    """The split that a shard's path names; `train` if it names none."""
    words = re.split(r"[^a-z]+", name.lower())
    for split, names in _SPLITS.items():
        if any(word in names for word in words):
            return split
    return "train"


def records_of(path: str) -> Iterator[tuple[int, bytes | str]]:
    """Number (from 1) and serialized record; at the end why reading ended.

    That reason is a `str`, in words that follow "FILE, record 3".
    """
    number = 0
    try:
        whole, wrong = count_whole(path)
        for record in (
            tf.data.TFRecordDataset(path, buffer_size=8 * 2**20)
            .take(whole)
            .prefetch(4)
            .as_numpy_iterator()
        ):
            number += 1
            yield number, record
    except OSError as error:
        wrong = str(error.strerror or error)
        yield number + 1, f"cannot be read: {wrong}"
    except tf.errors.OpError as error:
        wrong = words_of(error)
        if isinstance(error, tf.errors.DataLossError):
            wrong = _reason(path, number, wrong)
        yield number + 1, f"cannot be read: {wrong}"
    else:
        if wrong:
            reason = _reason(path, number, wrong)
            yield number + 1, f"cannot be read: {reason}"


def _reason(path: str, before: int, text: str) -> str:
    if not before:
        with tf.io.gfile.GFile(path, "rb") as file:
            start = file.read(2)
        # RFC 1952; RFC 1950 with a window of 32 KiB, which TensorFlow writes.
        if start == b"\x1f\x8b" or (start[:1] == b"\x78" and len(start) == 2):
            return "the file is compressed; unpack it first (gzip -d)"
        return f"the file is not a TFRecord file, or damaged ({text})"
    return f"{_AFTER} ({text})"


def look_through(folder: Path, shards: dict[str, int]) -> Iterator[dict]:
    """A row for each record of the shards.

    Rows have `shard`, `split`, `record` (its number from 1) and either what
    `describe_foreign` gives, without the frames, or `problem` in words.
    """
    describe = tf.function(
        _described, input_signature=[tf.TensorSpec([], tf.string)]
    )
    with tqdm(
        total=sum(shards.values()),
        unit="B",
        unit_scale=True,
        desc="looking through records",
    ) as bar:
        for shard, size in shards.items():
            for number, record in records_of(str(folder / shard)):
                place = {
                    "shard": shard,
                    "split": split_of(shard),
                    "record": number,
                }
                if isinstance(record, str):
                    yield place | {"problem": record}
                elif problem := record_problem(record):
                    yield place | {"problem": problem}
                else:
                    try:
                        yield place | _values(describe(record))
                    except tf.errors.OpError as error:
                        problem = pixel_problem(record) or words_of(error)
                        yield place | {"problem": problem}
            bar.update(size)


def _described(record) -> dict:
    video = describe_foreign(record)
    del video["frames"]
    return video


def _values(video: dict) -> dict:
    values = {key: tensor.numpy() for key, tensor in video.items()}
    return {
        key: value.decode() if isinstance(value, bytes) else value.item()
        for key, value in values.items()
    }
