"""What a record folder tells of itself.

`manifest.json` has every file that was tried, `quarantine.csv` those of them
that are no records, `missing.csv` the videos of the data set's own list that
were not there to be tried, `dataset.json` the counts.
"""

import csv
import hashlib
import io
import json
import os
from collections import Counter
from pathlib import Path

import av
import cv2

from d3d_tf.atomic_files import file_size, to_path, write_atomically
from d3d_tf.config import DataRecipe, FlowRecipe, digest, flow_identity, to_dict
from d3d_tf.errors import UserError
from d3d_tf.sealed import sealed
from d3d_tf.tfrecords.listing import Listing
from d3d_tf.tfrecords.rows import digested, labels_of
from d3d_tf.tfrecords.write_shard import Shard
from d3d_tf.video import DECODING


def write_manifest(
    listing: Listing,
    folder: Path,
    shards: list[Shard],
    *,
    data: DataRecipe,
    flow: FlowRecipe,
) -> dict:
    """Gathers the shards' parts; returns the content of dataset.json.

    Raises:
      UserError: no video could be used.
    """
    parts = [json.loads(to_path(s.part_path).read_text()) for s in shards]
    rows = [row for part in parts for row in part["videos"]]
    rows += [
        source.row() | {"skipped": why} for source, why in listing.rejected
    ]
    rows.sort(key=lambda row: row["id"])
    used = [row for row in rows if "skipped" not in row]
    skipped = [row for row in rows if "skipped" in row]
    if not used:
        reasons = "; ".join(f"{r['path']}: {r['skipped']}" for r in skipped[:5])
        raise UserError(
            f"None of the {len(rows)} files could be used as a video. {reasons}"
        )
    # Several, if a library was changed while the set was being made.
    libraries = sorted({part["flow_library"] for part in parts})
    identity = flow_identity(flow, data, " and ".join(libraries))
    written = json.dumps(rows, indent=1)
    dataset = {
        "name": listing.name,
        "digest": digest(
            [digested(row) for row in used],
            list(listing.classes),
            data,
            identity,
        ),
        **_counts(listing, used),
        "num_bytes": sum(file_size(shard.path) for shard in shards),
        "num_skipped": len(skipped),
        "listed": count_listed(listing, rows),
        "files": count_files(listing, rows),
        "notes": list(listing.notes),
        "classes": list(listing.classes),
        "recipe": {"data": to_dict(data), "flow": to_dict(flow)},
        "flow": identity,
        "flow_recipe": digest(identity),
        "decoding": DECODING,
        "manifest_sha256": hashlib.sha256(written.encode()).hexdigest(),
        "versions": {"opencv": cv2.__version__, "av": av.__version__},
    }
    write_atomically(folder / "manifest.json", written)
    _write_tables(listing, folder, skipped)
    write_atomically(folder / "dataset.json", sealed(dataset))
    return dataset


def _counts(listing: Listing, used: list[dict]) -> dict:
    """The entries of dataset.json that count videos or frames."""
    filled = {label for row in used for label in labels_of(row)}
    frames = [row["frames"] for row in used]
    weights = [max(row["frames"] - 1, 1) for row in used]
    clipped = sum(
        row["clipped_flow"] * w for row, w in zip(used, weights, strict=True)
    )
    return {
        "num_videos": len(used),
        **(
            {"several_labels": True} if any("labels" in r for r in used) else {}
        ),
        **(
            {"keyframes": True}
            if any(s.keyframe for s in listing.sources)
            else {}
        ),
        "num_trimmed": sum(row["trimmed"] for row in used),
        "num_joined": sum(row["recordings"] > 1 for row in used),
        "num_with_missing_frames": sum(
            row["missing_frames"] > 0 for row in used
        ),
        "num_missing_frames": sum(row["missing_frames"] for row in used),
        "splits": dict(Counter(row["split"] for row in used)),
        "shards": _shard_counts(used),
        "empty_classes": [
            name for i, name in enumerate(listing.classes) if i not in filled
        ],
        "frames": {"min": min(frames), "max": max(frames), "sum": sum(frames)},
        "clipped_flow": clipped / sum(weights),
    }


def _write_tables(listing: Listing, folder: Path, skipped: list[dict]) -> None:
    """Writes quarantine.csv, label_map.txt, and missing.csv of a list."""
    write_atomically(
        folder / "quarantine.csv",
        _csv(
            ("id", "path", "split", "label", "reason"),
            [(*(r[k] for k in _FILE), r["skipped"]) for r in skipped],
        ),
    )
    if listing.listed:
        missing = [(s.id, s.split, s.class_name) for s in listing.missing]
        head = ("id", "split", "class")
        write_atomically(folder / "missing.csv", _csv(head, sorted(missing)))
    if listing.own_list:
        write_atomically(folder / "list.csv", listing.own_list)
    write_atomically(
        folder / "label_map.txt", "".join(f"{c}\n" for c in listing.classes)
    )


def _shard_counts(rows: list[dict]) -> dict[str, int]:
    """Videos per shard file; the only list of shards that readers trust."""
    counts: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["shard"]):
        counts[row["shard"]] = counts.get(row["shard"], 0) + 1
    return counts


def count_files(listing: Listing, rows: list[dict]) -> dict:
    """What became of every file in the folder of the videos.

    Args:
      listing: the data set.
      rows: of manifest.json.

    Returns:
      `{"found", "used", "quarantined", "left_out": {rule: {"count",
      "example"}}}`; the first number is the sum of the others. A file of which
      a part could be used is used. Empty where nobody looked (the toy).
    """
    if not listing.num_files:
        return {}
    used: dict[str, bool] = {}
    for row in rows:
        path = os.path.abspath(row["path"])  # However a list spells it.
        used[path] = used.get(path, False) or "skipped" not in row
    return {
        "found": listing.num_files,
        "used": sum(used.values()),
        "quarantined": len(used) - sum(used.values()),
        "left_out": listing.left_out,
    }


def count_listed(listing: Listing, rows: list[dict]) -> dict[str, dict]:
    """What became of the videos of the data set's list, per split.

    Args:
      listing: the data set.
      rows: of manifest.json.

    Returns:
      `{split: {"listed", "missing", "skipped", "used", "missing_by_class"}}`,
      where the last is `{class: [missing, listed]}` of classes that miss any;
      empty for a folder of classes, which has no list but itself.
    """
    if not listing.listed:
        return {}
    counts: dict[str, dict] = {}
    classes: dict[str, dict[str, list[int]]] = {}
    names = [*listing.classes, ""]  # Of -1, no class.
    found = [(row, names[row["label"]]) for row in rows]
    gone = [({"split": s.split}, s.class_name) for s in listing.missing]
    for group, missing in ((found, 0), (gone, 1)):
        for row, class_name in group:
            split = row["split"]
            kind = "missing" if missing else "used"
            if "skipped" in row:
                kind = "skipped"
            count = counts.setdefault(
                split, {"listed": 0, "missing": 0, "skipped": 0, "used": 0}
            )
            count["listed"] += 1
            count[kind] += 1
            pair = classes.setdefault(split, {}).setdefault(class_name, [0, 0])
            pair[0] += missing
            pair[1] += 1
    for split, count in counts.items():
        count["missing_by_class"] = {
            name: pair
            for name, pair in sorted(classes[split].items())
            if pair[0]
        }
    return dict(sorted(counts.items()))


_FILE = ("id", "path", "split", "label")


def _csv(head: tuple[str, ...], rows: list[tuple]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([head, *rows])
    return text.getvalue()
