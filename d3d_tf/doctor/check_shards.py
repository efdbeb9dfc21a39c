"""Reads every record of a data set once."""

import dataclasses
import hashlib

import tensorflow as tf
from google.protobuf.message import DecodeError
from tqdm import tqdm

from d3d_tf.data.dataset import Dataset
from d3d_tf.data.shards import records_of
from d3d_tf.doctor.check_pictures import Pictures, look_at_pictures
from d3d_tf.doctor.check_record import Expected, Record, check_record
from d3d_tf.doctor.findings import Finding, grouped, judge

SHOWN = 6  # Videos on the page.


@dataclasses.dataclass(frozen=True)
class Contents:
    """What was found in the shards.

    Attributes:
      records: all that could be read.
      damaged: why the rest of a shard could not, by its name.
      pictures: of the sample, by id.
      shown: serialized records of some of the sample, by id.
    """

    records: list[Record]
    damaged: dict[str, str]
    pictures: dict[str, Pictures]
    shown: dict[str, bytes]


def choose_sample(rows: list[dict], count: int) -> list[str]:
    """Ids of videos to decode, as many of every split, the same every time.

    Args:
      rows: of manifest.json.
      count: how many; 0: all.
    """
    used = [row for row in rows if "skipped" not in row]
    if not count:
        return [row["id"] for row in used]
    splits: dict[str, list[str]] = {}
    for row in used:
        splits.setdefault(row["split"], []).append(row["id"])
    for ids in splits.values():
        ids.sort(key=lambda id_: hashlib.sha256(id_.encode()).hexdigest())
    share = -(-count // max(len(splits), 1))
    longest = range(share)
    return [ids[k] for k in longest for ids in splits.values() if k < len(ids)][
        :count
    ]


def read_contents(dataset: Dataset, sample: list[str]) -> Contents:
    """Reads the shards that dataset.json names; decodes the sample."""
    expected = Expected(dataset)
    contents = Contents([], {}, {}, {})
    wanted = set(sample)
    shown = set(sample[:SHOWN])
    with tqdm(
        total=dataset.info["num_videos"], unit="video", desc="reading records"
    ) as bar:
        for name in dataset.info["shards"]:
            if not (dataset.folder / name).exists():
                contents.damaged[name] = "is missing"
                continue
            try:
                for _, data in records_of(str(dataset.folder / name)):
                    if isinstance(data, str):
                        contents.damaged[name] = _words(data)
                        break
                    example = tf.train.SequenceExample.FromString(data)
                    record = check_record(example, name, expected)
                    contents.records.append(record)
                    if record.id in wanted and not record.problems:
                        contents.pictures[record.id] = look_at_pictures(example)
                        if record.id in shown:
                            contents.shown[record.id] = data
                    bar.update()
            except DecodeError:
                contents.damaged[name] = (
                    "holds a record that is no SequenceExample"
                )
    return contents


def _words(text: str) -> str:
    for kind in ("truncated", "corrupted"):
        if kind in text:
            return f"is {kind}"
    return text


def check_shards(dataset: Dataset, contents: Contents) -> Finding:
    """Every shard is there, whole, and has as many records as promised."""
    promised = dataset.info["shards"]
    counts = dict.fromkeys(promised, 0)
    for record in contents.records:
        counts[record.shard] += 1
    errors = [
        f"{name} {why} after record {counts[name]} of {promised[name]}"
        for name, why in contents.damaged.items()
    ]
    errors += [
        f"{name} has {counts[name]} records and not {count}"
        for name, count in promised.items()
        if counts[name] != count and name not in contents.damaged
    ]
    # A shard is empty where none of its videos could be used.
    there = {
        path.name
        for path in dataset.folder.glob("*.tfrecord")
        if path.stat().st_size or path.name in promised
    }
    warnings = [
        f"{name} is not in dataset.json and not read"
        for name in sorted(there - promised.keys())
    ]
    sizes = sum(
        (dataset.folder / name).stat().st_size for name in there & set(promised)
    )
    if sizes != dataset.info["num_bytes"]:
        errors.append(
            f"{sizes} bytes and not {dataset.info['num_bytes']} as when they "
            "were written"
        )
    remedy = "prepare the videos again into the same folder: remove what is "
    remedy += "damaged first, the rest is kept"
    return judge(
        "shards",
        f"checksums of {len(contents.records)} records in {len(promised)} "
        "shards read",
        errors=[*errors, remedy] if errors and contents.damaged else errors,
        warnings=warnings,
    )


def check_records(contents: Contents) -> list[Finding]:
    """Schema, labels and flow recipe of all records."""
    titles = {
        "schema": "keys, types, sizes and lengths",
        "labels": "labels against the class names",
        "flow": "flow recipe",
    }
    return [
        judge(
            check,
            f"{title} of {len(contents.records)} records",
            errors=grouped(
                (words, record.id or record.shard)
                for record in contents.records
                for words in record.problems.get(check, ())
            ),
        )
        for check, title in titles.items()
    ]
