"""A folder of records that another tool wrote: what can be checked of it."""

import collections
from pathlib import Path

from d3d_tf.atomic_files import to_path
from d3d_tf.data.class_names import require_classes
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.data.index_foreign import given_classes, set_labels
from d3d_tf.data.shards import foreign_shards, look_through, records_of
from d3d_tf.data.soundness import pixel_problem
from d3d_tf.doctor.check_shards import choose_sample
from d3d_tf.doctor.check_splits import check_balance
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.errors import UserError


def foreign_folder(data: str) -> Path | None:
    """Where the records lie, if another tool wrote what was named.

    Args:
      data: their folder, or the one that `adopt` made of it.

    Raises:
      UserError: its `dataset.json` cannot be used.
    """
    folder = to_path(data)
    if not (folder / "dataset.json").exists():
        return folder if foreign_shards(folder) else None
    foreign = open_dataset(folder).info.get("foreign")
    return to_path(foreign["folder"]) if foreign else None


def check_foreign(folder: Path, sample: int) -> list[Finding]:
    """Every record is read and its pictures' headers; some are decoded.

    Args:
      folder: from `foreign_folder`.
      sample: how many are decoded; 0: all.
    """
    shards = foreign_shards(folder)
    rows = list(look_through(folder, shards))
    good = [row for row in rows if "problem" not in row]
    return [
        judge(
            "kind",
            f"{folder}: records of another tool, RGB only: no manifest, "
            "checksums of videos or flow that could be checked",
        ),
        _check_records(shards, rows),
        _check_pictures(folder, good, sample),
        _check_leaks(good),
        *_check_labels(folder, good),
    ]


def _check_records(shards: dict[str, int], rows: list[dict]) -> Finding:
    counts = collections.Counter(row["shard"] for row in rows)
    empty = [name for name in shards if not counts[name]]
    errors = [
        f"{row['shard']}, record {row['record']}, {row['problem']}"
        for row in rows
        if "problem" in row
    ]
    if not rows:
        errors.append("all files are empty")
    warnings = []
    if empty:
        warnings.append(f"empty: {len(empty)} of them, such as {empty[0]}")
    return judge(
        "records",
        f"{len(rows) - len(errors)} good ones in {len(shards)} files",
        errors=errors,
        warnings=warnings,
    )


def _check_pictures(folder: Path, rows: list[dict], sample: int) -> Finding:
    places = {(row["shard"], row["record"]): row for row in rows}
    # The choice wants one id for each.
    named = [
        row | {"id": f"{shard} {number}"}
        for (shard, number), row in places.items()
    ]
    chosen = set(choose_sample(named, sample))
    wanted = collections.defaultdict(set)
    for row in named:
        if row["id"] in chosen:
            wanted[row["shard"]].add(row["record"])
    errors = []
    for shard, numbers in wanted.items():
        for number, record in records_of(str(folder / shard)):
            if number in numbers and isinstance(record, bytes):
                problem = pixel_problem(record)
                if problem:
                    errors.append(f"{shard}, record {number}, {problem}")
            if number >= max(numbers):
                break
    frames = sum(row["length"] for row in rows)
    return judge(
        "pictures",
        f"{frames} frames have whole headers; those of {len(chosen)} of "
        f"{len(rows)} records decoded",
        errors=errors,
    )


def _check_leaks(rows: list[dict]) -> Finding:
    """By `example/id`, or where there is none by the record's content."""
    counts = collections.Counter(row["id"] for row in rows)
    train = {row["id"] for row in rows if row["split"] == "train"}
    test = {row["id"] for row in rows if row["split"] != "train"}
    both = sorted(train & test)
    twice = [id_ for id_, n in counts.items() if n > 1 and id_ not in both]
    return judge(
        "leaks",
        f"{len(counts)} ids of {len(rows)} records",
        errors=[f"{len(both)} are in training and test, such as {both[0]}"]
        if both
        else [],
        warnings=[f"{len(twice)} are there twice, such as {twice[0]}"]
        if twice
        else [],
    )


def _check_labels(folder: Path, rows: list[dict]) -> list[Finding]:
    if not rows:
        return []
    try:
        classes, by_string = set_labels(rows, given_classes(folder))
        require_classes(classes, folder)
    except UserError as error:
        return [judge("labels", str(folder), errors=[str(error)])]
    splits = collections.Counter(row["split"] for row in rows)
    told = "names" if by_string else "indices"
    return [
        judge("labels", f"{len(classes)} classes by the records' {told}"),
        check_balance(
            Dataset(folder, {"classes": classes, "splits": dict(splits)}), rows
        ),
    ]
