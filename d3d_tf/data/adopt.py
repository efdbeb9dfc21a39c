"""Makes a data set of a folder of RGB records that other tools wrote.

The folder is looked through once and stays as it is. What was found, a
`dataset.json` that points there, a manifest and the label map, goes into a
folder of its own among our records, `NAME-DIGEST8`; the digest is that of the
files' names and sizes.
"""

import json
import re
import statistics
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from d3d_tf import schema
from d3d_tf.config import DataRecipe, FlowRecipe, digest, to_dict
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.foreign import LABEL_TEXT, describe_foreign
from d3d_tf.errors import UserError
from d3d_tf.files import file_size, resolved, write_atomically
from d3d_tf.text_lists import read_label_map

# DMVR's writer gives its files no suffix: `train-00000-of-00016`.
_SHARD = re.compile(r"\.tfrecords?(?![a-z])|-\d{5}-of-\d{5}$")
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "validate", "valid", "val", "eval"),
    "test": ("test", "testing"),
}


def foreign_shards(folder: Path) -> dict[str, int]:
    """Files that look like record shards and their bytes, by relative path.

    They are in the folder or in folders of it that are called like splits.
    """
    if not folder.is_dir():
        return {}
    names = {name for names in _SPLITS.values() for name in names}
    # Not into folders of videos: those may hold half a million.
    folders = [folder, *(p for p in folder.iterdir() if p.name in names)]
    return {
        str(path)[len(str(folder)) + 1 :]: file_size(path)
        for path in sorted(p for f in folders for p in f.glob("*"))
        if _SHARD.search(path.name) and path.is_file()
    }


def adopt(folder: Path, records_dir: Path, recipe: DataRecipe) -> Dataset:
    """The data set of a folder of foreign records; looks through new ones.

    Classes are the lines of `label_map.txt` in the folder, if there is one;
    else the records' label strings, sorted; else the indices themselves. Where
    records have strings, these decide: DMVR's writer numbers the classes of
    every split anew.

    Args:
      folder: where the shards are, or folders of shards.
      records_dir: where our records live.
      recipe: its `frame_rate` is taken where the records tell none.

    Raises:
      UserError: a file is no such record, or its label has no name.
    """
    shards = foreign_shards(folder)
    if (folder / "plan.json").exists():
        raise UserError(
            f"{folder} holds records that were never finished: start the same "
            "--mode=prepare again, it goes on."
        )
    folder = resolved(folder)
    label_map = folder / "label_map.txt"
    given = read_label_map(label_map) if label_map.exists() else []
    identity = digest(str(folder), shards, given, recipe.frame_rate)
    target = records_dir / f"{folder.name}-{identity[:8]}"
    if not (target / "dataset.json").exists():
        rows = _rows(folder, shards)
        _save(target, folder, rows, given, recipe)
    return open_dataset(target)


def split_of(name: str) -> str:
    """The split that a shard's path names; `train` if it names none."""
    words = re.split(r"[^a-z]+", name.lower())
    for split, names in _SPLITS.items():
        if any(word in names for word in words):
            return split
    return "train"


def _rows(folder: Path, shards: dict[str, int]) -> list[dict]:
    rows = []
    with tqdm(
        total=sum(shards.values()),
        unit="B",
        unit_scale=True,
        desc="looking through records",
    ) as bar:
        for shard, size in shards.items():
            path = str(folder / shard)
            try:
                _require_schema(path)
                records = tf.data.TFRecordDataset(path).map(
                    _described, num_parallel_calls=tf.data.AUTOTUNE
                )
                for row in records.as_numpy_iterator():
                    told = {key: value.item() for key, value in _numbers(row)}
                    for key in ("id", "label_string"):
                        told[key] = row[key].decode()
                    place = {"shard": shard, "split": split_of(shard)}
                    rows.append(place | told)
            except tf.errors.OpError as error:
                text = str(error.message).splitlines()[0]
                raise UserError(
                    f"{path} is no shard of video records that can be read "
                    f"({text}). Compressed ones must be unpacked first."
                ) from error
            bar.update(size)
    return rows


def _described(record) -> dict:
    video = describe_foreign(record)
    del video["frames"]
    return video


def _numbers(row: dict) -> list[tuple]:
    return [(k, v) for k, v in row.items() if k not in ("id", "label_string")]


def _require_schema(path: str) -> None:
    """Looks at the first record by hand, for an error that can be read."""
    for record in tf.data.TFRecordDataset(path).take(1).as_numpy_iterator():
        problem = _problem(record)
        if problem:
            raise UserError(f"{path}: {problem}.")


def _problem(record: bytes) -> str | None:
    from google.protobuf.message import DecodeError

    try:
        example = tf.train.SequenceExample.FromString(record)
    except DecodeError:
        return "its records are no tf.train.SequenceExample"
    frames = example.feature_lists.feature_list[schema.IMAGE_ENCODED].feature
    if not frames:
        keys = ", ".join(sorted(example.feature_lists.feature_list)[:4])
        return (
            f"its records have no feature list {schema.IMAGE_ENCODED!r}, of "
            f"one JPEG per frame; there is {keys or 'none at all'}"
        )
    most = max(len(frame.bytes_list.value) for frame in frames)
    if most != 1:
        return (
            f"{schema.IMAGE_ENCODED!r} holds {most} values in one feature; "
            "write one feature per frame, each with one JPEG"
        )
    return None


def _classes(rows: list[dict], given: list[str]) -> tuple[list[str], bool]:
    """Class names, and whether the records' strings tell the label."""
    strings = sorted({row["label_string"] for row in rows})
    highest = max(row["label"] for row in rows)
    if "" not in strings:
        unknown = [text for text in strings if given and text not in given]
        if unknown:
            raise UserError(
                f"The records know the class {unknown[0]!r}, which "
                f"label_map.txt does not have among its {len(given)} lines."
            )
        return given or strings, True
    nameless = [row for row in rows if row["label"] < 0]
    if nameless:
        raise UserError(
            f"The record {nameless[0]['id']} in {nameless[0]['shard']} has no "
            f"label: neither {schema.LABEL_INDEX}, nor {schema.LABEL_STRING} "
            f"or {LABEL_TEXT} in all records."
        )
    if given and highest >= len(given):
        raise UserError(
            f"The records have the label {highest}, label_map.txt has only "
            f"{len(given)} lines; the first is label 0."
        )
    return given or [str(i) for i in range(highest + 1)], False


def _save(
    target: Path,
    folder: Path,
    rows: list[dict],
    given: list[str],
    recipe: DataRecipe,
) -> None:
    if not rows:
        raise UserError(f"The record files in {folder} are empty.")
    classes, by_string = _classes(rows, given)
    shards: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = shards.setdefault(row["split"], {})
        counts[row["shard"]] = counts.get(row["shard"], 0) + 1
        if by_string:
            row["label"] = classes.index(row["label_string"])
    lengths = [row["length"] for row in rows]
    side = min(min(row["height"], row["width"]) for row in rows)
    rates = [
        row["frame_rate"] or row["length"] / row["seconds"]
        for row in rows
        if row["frame_rate"] or row["seconds"] > 0
    ]
    rate = round(statistics.median(rates), 2) if rates else recipe.frame_rate
    notes = [
        f"records of another tool in {folder}, RGB only; frames are "
        f"{'' if rates else 'taken to be '}{rate:g} per second"
    ]
    if len({row["id"] for row in rows}) < len(rows):
        notes.append("some records have the same example/id")
    used = {row["label"] for row in rows}
    data = DataRecipe(short_side=side, frame_rate=rate)
    info = {
        "name": folder.name,
        "digest": digest(
            [[row["id"], row["label"], row["length"]] for row in rows], classes
        ),
        "num_videos": len(rows),
        "num_bytes": sum(file_size(folder / n) for n in _names(shards)),
        "num_skipped": 0,
        "num_trimmed": 0,
        "splits": {split: sum(s.values()) for split, s in shards.items()},
        "shards": {},
        "foreign": {
            "folder": str(folder),
            "shards": shards,
            "label_by_string": by_string,
        },
        "notes": notes,
        "classes": classes,
        "empty_classes": [
            name for i, name in enumerate(classes) if i not in used
        ],
        "frames": {
            "min": min(lengths),
            "max": max(lengths),
            "sum": sum(lengths),
        },
        "clipped_flow": 0.0,
        "recipe": {"data": to_dict(data), "flow": to_dict(FlowRecipe())},
        "flow": {},
        "flow_recipe": digest({}),
    }
    manifest = [
        {key: row[key] for key in ("id", "split", "label", "shard")}
        | {"frames": row["length"]}
        for row in rows
    ]
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(target / "manifest.json", json.dumps(manifest, indent=1))
    write_atomically(
        target / "label_map.txt", "".join(f"{name}\n" for name in classes)
    )
    write_atomically(target / "dataset.json", json.dumps(info, indent=1))


def _names(shards: dict[str, dict[str, int]]) -> list[str]:
    return [name for names in shards.values() for name in names]
