"""A folder of YouTube-8M's files: what can be checked of it."""

import collections

import numpy as np

from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.doctor.feature_records import YEARS, Files, Look, look_through
from d3d_tf.doctor.findings import Finding, grouped, judge


def check_features(files: Files, sample: int) -> list[Finding]:
    """Every record is parsed; the numbers of some are looked at.

    Args:
      files: of `feature_files`.
      sample: how many of every file; 0: all.
    """
    looks = list(look_through(files, sample))
    good = [look for look in looks if look.id]
    return [
        _check_kind(files, good),
        _check_files(files, looks),
        _check_records(looks),
        _check_frames(good),
        _check_labels(files, good),
        _check_ids(good),
        _check_numbers(good),
    ]


def _check_kind(files: Files, good: list[Look]) -> Finding:
    keys = collections.Counter(look.key for look in good)
    means = sum(look.frames is None for look in good)
    known = [f"of {YEARS[k]} ({k}): {n}" for k, n in keys.items()]
    errors = []
    if 0 < means < len(good):
        errors.append(
            f"{means} records hold means of videos and {len(good) - means} "
            "frames: keep them in folders of their own"
        )
    level = "means of videos" if means else "frames"
    return judge(
        "kind",
        f"{files.folder}: {level} in the form of YouTube-8M, "
        f"{', '.join(known) or 'no record'}; {files.num_classes} classes",
        errors=errors,
        warnings=["ids are called both ways"] if len(keys) > 1 else [],
    )


def _check_files(files: Files, looks: list[Look]) -> Finding:
    counts = collections.Counter(
        look.place.rpartition(", ")[0] for look in looks if look.id
    )
    splits = collections.Counter(look.split for look in looks if look.id)
    empty = [name for name in files.shards if not counts[name]]
    errors = [] if splits else ["there is no record that could be read"]
    if files.promised:
        told = files.promised.info["features"]
        for split, names in told["shards"].items():
            for name, count in names.items():
                if name not in files.shards:
                    errors.append(f"{name} of {split} is missing")
                elif counts[name] != count:
                    errors.append(
                        f"{name} has {counts[name]} good records and not "
                        f"{count}, as dataset.json says"
                    )
                elif files.shards[name] != told["bytes"][name]:
                    errors.append(
                        f"{name} has {files.shards[name]} bytes and not "
                        f"{told['bytes'][name]}, as dataset.json says"
                    )
    most, least = (
        max(counts.values(), default=0),
        min(counts.values(), default=0),
    )
    return judge(
        "files",
        f"{len(files.shards)} of {least} to {most} records; "
        + ", ".join(f"{n} {split}" for split, n in sorted(splits.items())),
        errors=errors,
        warnings=[f"empty: {len(empty)} of them, such as {empty[0]}"]
        if empty
        else [],
    )


def _check_records(looks: list[Look]) -> Finding:
    wrong = grouped(
        (words, look.place) for look in looks for words in look.wrong
    )
    return judge(
        "records",
        f"{sum(not look.wrong for look in looks)} good ones of {len(looks)}",
        errors=wrong,
    )


def _check_frames(good: list[Look]) -> Finding:
    lengths = {
        look.place: look.frames for look in good if look.frames is not None
    }
    values = [*lengths.values()]
    long = [place for place, n in lengths.items() if n > MAX_FRAMES]
    none = [place for place, n in lengths.items() if not n]
    warnings = []
    if long:
        warnings.append(
            f"{len(long)} have more than {MAX_FRAMES}, of which the rest is "
            f"not read, such as {long[0]}"
        )
    if none:
        warnings.append(f"{len(none)} have none, such as {none[0]}")
    if not values:
        return judge("frames", "none: means of videos")
    span = f"{min(values)} to {max(values)}"
    return judge(
        "frames",
        f"{sum(values)} in {len(values)} videos, {span}",
        warnings=warnings,
    )


def _check_labels(files: Files, good: list[Look]) -> Finding:
    counts = collections.Counter(
        label for look in good for label in look.labels
    )
    none = [look.place for look in good if not look.labels]
    twice = [k.place for k in good if len(set(k.labels)) < len(k.labels)]
    seen = sum(0 <= label < files.num_classes for label in counts)
    warnings = [
        f"{len(places)} {words}, such as {places[0]}"
        for words, places in (("have none", none), ("repeat one", twice))
        if places
    ]
    mean = sum(counts.values()) / max(len(good), 1)
    return judge(
        "labels",
        f"{mean:.3g} per video, {seen} of {files.num_classes} classes",
        warnings=warnings,
    )


def _check_ids(good: list[Look]) -> Finding:
    splits: dict[str, list[str]] = collections.defaultdict(list)
    for look in good:
        splits[look.id].append(look.split)
    both = [id_ for id_, names in splits.items() if len(set(names)) > 1]
    twice = [
        id_
        for id_, names in splits.items()
        if len(names) > 1 and len(set(names)) == 1
    ]
    return judge(
        "ids",
        f"{len(splits)} of {len(good)} records",
        errors=[f"{len(both)} are in several splits, such as {both[0]}"]
        if both
        else [],
        warnings=[f"{len(twice)} are there twice, such as {twice[0]}"]
        if twice
        else [],
    )


def _check_numbers(good: list[Look]) -> Finding:
    seen = [(k.place, k.numbers) for k in good if k.numbers is not None]
    flat = [place for place, rows in seen if (np.ptp(rows, axis=1) == 0).any()]
    frames = sum(len(rows) for _, rows in seen)
    return judge(
        "numbers",
        f"of {frames} pictures in {len(seen)} of {len(good)} records",
        warnings=[
            f"{len(flat)} records have pictures whose numbers are all equal, "
            f"such as {flat[0]}"
        ]
        if flat
        else [],
    )
