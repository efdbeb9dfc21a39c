"""Makes a data set of a folder of RGB records that other tools wrote.

The folder is read through once and not changed. The results, a `dataset.json`
that points there, a manifest and the label map, go into a folder of their own
among our records, `NAME-DIGEST8`; the digest is that of the files' names and
sizes.
"""

import hashlib
import json
from pathlib import Path

from d3d_tf import schema
from d3d_tf.atomic_files import resolved, write_atomically
from d3d_tf.config import DataRecipe, digest
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.foreign_records import ForeignRecords
from d3d_tf.data.parse_foreign import LABEL_TEXT
from d3d_tf.data.shards import foreign_shards, look_through
from d3d_tf.errors import UserError
from d3d_tf.sealed import sealed
from d3d_tf.text_lists import read_label_map


def adopt(folder: Path, records_dir: Path, recipe: DataRecipe) -> Dataset:
    """The data set of a folder of foreign records; reads new ones through.

    Classes are the lines of `label_map.txt` in the folder, if there is one;
    else the records' label strings, sorted; else the indices themselves. Where
    records have strings, these decide: DMVR's writer numbers the classes of
    every split anew.

    Args:
      folder: where the shards are, or folders of shards.
      records_dir: where our records live.
      recipe: its `frame_rate` is used if the records have none.

    Raises:
      UserError: a file is not such a record, or its label has no name.
    """
    shards = foreign_shards(folder)
    if (folder / "plan.json").exists():
        raise UserError(
            f"{folder} holds records that were never finished (no "
            "dataset.json): start the same --mode=prepare again, it goes on."
        )
    folder = resolved(folder)
    given = given_classes(folder)
    identity = digest(str(folder), shards, given, recipe.frame_rate)
    target = records_dir / f"{folder.name}-{identity[:8]}"
    if not (target / "dataset.json").exists():
        rows = []
        for row in look_through(folder, shards):
            if "problem" in row:
                # At the first one: it may be true of terabytes.
                raise UserError(
                    f"{folder / row['shard']}, record {row['record']}, "
                    f"{row['problem']}. (--mode=doctor finds all such records.)"
                )
            rows.append(row)
        if not rows:
            raise UserError(f"The record files in {folder} are empty.")
        labels = set_labels(rows, given)
        records = ForeignRecords(folder, sorted(shards), rows, *labels)
        _save(target, records, recipe.frame_rate)
    return open_dataset(target)


def given_classes(folder: Path) -> list[str]:
    """The lines of `label_map.txt`; none if there is no such file."""
    label_map = folder / "label_map.txt"
    return read_label_map(label_map) if label_map.exists() else []


def set_labels(rows: list[dict], given: list[str]) -> tuple[list[str], bool]:
    """Class names, and whether the records' strings give the label.

    If they do, the rows' `label` is set to the index of its name.

    Args:
      rows: of `look_through`, at least one, without problems.
      given: from `given_classes`.

    Raises:
      UserError: a record's label has no name, or there is none.
    """
    classes, by_string = _classes(rows, given)
    if by_string:
        places = {name: place for place, name in enumerate(classes)}
        for row in rows:
            row["label"] = places[row["label_string"]]
    return classes, by_string


def _classes(rows: list[dict], given: list[str]) -> tuple[list[str], bool]:
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


def _save(target: Path, records: ForeignRecords, default_rate: float) -> None:
    """Writes the folder that points to the records."""
    manifest = [
        {key: row[key] for key in ("id", "split", "label", "shard")}
        | {"frames": row["length"]}
        for row in records.rows
    ]
    target.mkdir(parents=True, exist_ok=True)
    written = json.dumps(manifest, indent=1)
    info = records.info(default_rate) | {
        "manifest_sha256": hashlib.sha256(written.encode()).hexdigest()
    }
    write_atomically(target / "manifest.json", written)
    write_atomically(
        target / "label_map.txt",
        "".join(f"{name}\n" for name in records.classes),
    )
    write_atomically(target / "dataset.json", sealed(info))
