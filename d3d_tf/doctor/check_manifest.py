"""dataset.json, manifest.json and label_map.txt against each other."""

import collections

from d3d_tf.config import digest
from d3d_tf.data.counted import changed_size, label_map_problem
from d3d_tf.data.dataset import Dataset
from d3d_tf.doctor.check_record import Record
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.tfrecords.rows import digested


def used_rows(rows: list[dict]) -> list[dict]:
    """Those that became records."""
    return [row for row in rows if "skipped" not in row]


def check_counts(
    dataset: Dataset, rows: list[dict], records: list[Record], *, whole: bool
) -> Finding:
    """Records, manifest and dataset.json speak of the same videos.

    Args:
      dataset: the data set.
      rows: of manifest.json.
      records: those that could be read.
      whole: whether these are all; else none is missed.
    """
    info, used = dataset.info, used_rows(rows)
    errors = []
    splits = collections.Counter(row["split"] for row in used)
    shards = collections.Counter(row["shard"] for row in used)
    for what, promised, found in (
        ("num_videos", info["num_videos"], len(used)),
        ("num_skipped", info["num_skipped"], len(rows) - len(used)),
        ("splits", info["splits"], dict(splits)),
        ("shards", info["shards"], dict(shards)),
        ("frames", info["frames"]["sum"], sum(r["frames"] for r in used)),
    ):
        if promised != found:
            errors.append(
                f"{what} is {promised} in dataset.json and {found} in "
                "manifest.json"
            )
    by_id = {row["id"]: row for row in used}
    seen = collections.Counter(record.id for record in records)
    twice = [str(id_) for id_, count in seen.items() if count > 1]
    if twice:
        errors.append(f"{len(twice)} ids are there twice, such as {twice[0]}")
    unknown = [str(id_) for id_ in seen if id_ not in by_id]
    if unknown:
        errors.append(
            f"{len(unknown)} records are not in manifest.json, such as "
            f"{unknown[0]}"
        )
    missed = [id_ for id_ in by_id if id_ not in seen]
    if missed and whole:
        errors.append(
            f"{len(missed)} videos of manifest.json have no record, such as "
            f"{missed[0]}"
        )
    for record in records:
        row = by_id.get(record.id) if record.id else None
        for key in ("label", "frames", "shard"):
            if row and getattr(record, key) != row[key]:
                errors.append(
                    f"{record.id}: {key} is {getattr(record, key)} in the "
                    f"record and {row[key]} in manifest.json"
                )
    counts = ", ".join(f"{n} {name}" for name, n in splits.items())
    return judge("counts", f"{len(used)} videos ({counts})", errors=errors)


def check_digests(dataset: Dataset, rows: list[dict]) -> Finding:
    """The digests of dataset.json, computed again as `write_manifest` does."""
    info = dataset.info
    videos = [digested(row) for row in used_rows(rows)]
    again = digest(
        videos, info["classes"], info["recipe"]["data"], info["flow"]
    )
    errors = []
    if again != info["digest"]:
        errors.append(
            f"the data set's is {info['digest']} in dataset.json, its manifest "
            f"gives {again}: one of the two was changed"
        )
    if digest(info["flow"]) != info["flow_recipe"]:
        errors.append(
            f"flow_recipe is {info['flow_recipe']}, the flow's identity gives "
            f"{digest(info['flow'])}"
        )
    for name in info["shards"]:
        if words := changed_size(dataset.folder / name):
            errors.append(f"{name} {words}")
    warnings = []
    if " and " in info["flow"].get("library", ""):
        warnings.append(
            f"flow was made by several libraries: {info['flow']['library']}"
        )
    return judge(
        "digests",
        f"data set {info['digest']}, flow {info['flow_recipe']}",
        errors=errors,
        warnings=warnings,
    )


def check_label_map(dataset: Dataset) -> Finding:
    """label_map.txt has the classes of dataset.json, each once."""
    classes = dataset.classes
    errors = []
    if not (dataset.folder / "label_map.txt").exists():
        errors.append("label_map.txt is missing")
    elif words := label_map_problem(dataset):
        errors.append(words)
    twice = [n for n, k in collections.Counter(classes).items() if k > 1]
    if twice:
        errors.append(f"the class {twice[0]} is there twice")
    return judge("label map", f"{len(classes)} classes", errors=errors)
