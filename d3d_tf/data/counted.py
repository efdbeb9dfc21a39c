"""Checks that the records are the ones that were counted.

`dataset.json` has the number of records in each shard; `manifest.json` lists
the records with label and length. Shards are compared with them before a job
reads its first record, and each record when it is parsed.
"""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError

from d3d_tf import schema
from d3d_tf.atomic_files import file_size, is_remote, to_path
from d3d_tf.data.dataset import HELD_OUT, Dataset
from d3d_tf.data.framing import count_whole, read_context
from d3d_tf.errors import UserError
from d3d_tf.tasks import task_of
from d3d_tf.text_lists import read_written_labels

_AT_ONCE = 16
_KEYS = {
    "frames": schema.IMAGE_ENCODED,
    "flow": schema.FLOW + schema.IMAGE_ENCODED,
}


def remedy(dataset: Dataset) -> str:
    """A sentence that says what to do about records that cannot be used."""
    return (
        f"Run --mode=doctor --data={dataset.folder} --sample=0, which finds "
        "all that is wrong with these records; then make them again, or copy "
        "them again."
    )


class Counted:
    """The known facts about the records of a split, compared with its shards.

    For records that other tools wrote, whose ids may occur twice, these are the
    number of records per shard and the number of classes.

    Raises:
      UserError: a shard is missing, cut, or not the one that was counted; or
        the manifest has other records, or the label map other classes, than
        `dataset.json`.
    """

    def __init__(self, dataset: Dataset, split: str):
        self._dataset, self._split = dataset, split
        self._classes = len(dataset.classes)
        self._target = task_of(dataset.task).target
        self._shards = dataset.shards(split)
        foreign = dataset.info.get("foreign")
        rows = [] if foreign else dataset.used()
        self._homes = {row["id"]: row["shard"] for row in rows}
        here = {Path(path).name for path in self._shards}
        self._rows = {
            row["id"]: row
            for row in rows
            if row["split"] == ("train" if split == HELD_OUT else split)
            and (not dataset.held_out or row["shard"] in here)
        }
        if words := label_map_problem(dataset):
            raise UserError(f"{words}. {remedy(dataset)}")
        if not foreign:
            self._require_same_counts()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            problems = pool.map(self._shard_problem, self._shards)
            for path, problem in zip(self._shards, problems, strict=True):
                if problem:
                    raise UserError(f"{path} {problem}. {remedy(dataset)}")
        if not self._rows:
            return
        # The table that `require` looks into, sorted by the hash of the id.
        with tf.device("CPU:0"):
            keys = _hashed(tf.constant(list(self._rows), tf.string))
            order = tf.argsort(keys)
            self._keys = tf.gather(keys, order)
            listed = list(self._rows.values())
            frames = tf.constant([row["frames"] for row in listed], tf.int64)
            self._frames = tf.gather(frames, order)
            self._listed = tf.gather(
                self._target.listed(listed, self._classes), order
            )

    def require(self, video: dict, streams: Sequence[str]) -> dict:
        """Fails, in a graph, for a record that is not the one counted.

        `naming_damage` finds the reason.

        Args:
          video: from `parse`, with `id`, `label` and the streams' pictures.
          streams: those that were parsed.
        """
        label = video["label"]
        if not self._rows:
            good = self._target.agrees(label, None, self._classes)
        else:
            key = _hashed(video["id"])
            place = tf.searchsorted(self._keys, key[tf.newaxis])[0]
            place = tf.minimum(place, len(self._rows) - 1)
            good = self._keys[place] == key
            good &= self._target.agrees(
                label, self._listed[place], self._classes
            )
            for stream in set(streams) & _KEYS.keys():
                length = tf.size(video[stream], tf.int64)
                good &= self._frames[place] == length
        # Not an `Assert`: an operation with a state is a reason for tf.data to
        # map records one by one where all is to be deterministic.
        checked = tf.gather(label[tf.newaxis], tf.where(good, 0, 1))
        return video | {"label": checked}

    def problem(self, record: bytes) -> str | None:
        """Why an intact record is not the one counted; None if it is."""
        example = tf.train.SequenceExample.FromString(record)
        lists = example.feature_lists.feature_list
        if foreign := self._dataset.info.get("foreign"):
            if foreign["label_by_string"]:
                return None
            words = self._target.problem(example.context, None, self._classes)
            return words and f"has {words}"
        id_ = _id(example.context)
        row = self._rows.get(id_)
        if row is None:
            return f"is {id_!r}, which is not in {self._split} by manifest.json"
        if words := self._target.problem(example.context, row, self._classes):
            return f"is {id_!r} with {words}"
        for stream, key in _KEYS.items():
            length = len(lists[key].feature) if key in lists else 0
            if length != row["frames"] and (
                stream == "frames" or self._dataset.flow
            ):
                return (
                    f"is {id_!r} with {length} entries of {key!r}; "
                    f"manifest.json says {row['frames']} frames"
                )
        return None

    def require_each_once(self, ids: Sequence[str]) -> None:
        """Refuses records of which one is missing or was read twice.

        Args:
          ids: of all records that were read, as often as they were.

        Raises:
          UserError: with a record and its shard.
        """
        counts = Counter(ids)
        for id_, row in self._rows.items():
            if counts[id_] != 1:
                read = "was not read" if not counts[id_] else "is there twice"
                raise UserError(
                    f"{self._dataset.folder / row['shard']}: the record {id_} "
                    f"{read}. {remedy(self._dataset)}"
                )

    def _require_same_counts(self) -> None:
        listed = Counter(row["shard"] for row in self._rows.values())
        for path, count in self._shards.items():
            if listed[Path(path).name] != count:
                raise UserError(
                    f"{path} has {count} records by dataset.json, and "
                    f"{listed[Path(path).name]} by manifest.json. "
                    f"{remedy(self._dataset)}"
                )
        # Of what is held out no count is promised.
        promised = self._dataset.splits.get(self._split)
        if promised not in (sum(self._shards.values()), None):
            raise UserError(
                f"{self._dataset.folder}/dataset.json is damaged: it counts "
                f"{promised} records of {self._split}, and "
                f"{sum(self._shards.values())} in its shards. "
                f"{remedy(self._dataset)}"
            )

    def _shard_problem(self, path: str) -> str | None:
        count = self._shards[path]
        try:
            if is_remote(path):  # Each length would be one request.
                return changed_size(to_path(path))
            found, wrong = count_whole(path)
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"
        if wrong:
            return f"is damaged after record {found} of {count}: {wrong}"
        if found != count:
            return f"has {found} records and not {count}"
        name = Path(path).name
        id_ = _first_id(path) if count and self._homes else None
        home = self._homes.get(id_, name) if id_ else name
        if home != name:
            return f"begins with {id_}, a record of {home}"
        return None


def label_map_problem(dataset: Dataset) -> str | None:
    """Why `label_map.txt`, if it exists, has other classes; or None."""
    path = dataset.folder / "label_map.txt"
    if not path.exists():
        return None  # Nothing is read from it.
    try:
        lines = read_written_labels(path, "prepare the videos again")
    except UserError as error:
        return str(error)
    if lines == dataset.classes:
        return None
    pairs = zip_longest(lines, dataset.classes)
    place = [line != name for line, name in pairs].index(True)
    return (
        f"{path} ({len(lines)} lines) differs from dataset.json's classes from "
        f"line {place + 1} on"
    )


def changed_size(shard: Path) -> str | None:
    """Why a shard has not the size in its part of the manifest; or None."""
    try:
        size = file_size(shard)
        part = json.loads(shard.with_name(shard.name + ".json").read_text())
    except (OSError, ValueError):
        return None  # A copy may lack the parts.
    if part.get("bytes") == size:
        return None
    return f"has {size} bytes and not {part.get('bytes')}"


def _hashed(ids):
    return tf.strings.to_hash_bucket_fast(ids, 2**63 - 1)


def _first_id(path: str) -> str | None:
    try:
        return _id(tf.train.Features.FromString(read_context(path)))
    except DecodeError:
        return None  # The reader names it.


def _id(context: tf.train.Features) -> str | None:
    values = context.feature[schema.EXAMPLE_ID].bytes_list.value
    return values[0].decode(errors="replace") if len(values) == 1 else None
