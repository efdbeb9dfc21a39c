"""What a test score of these records would mean: leaks, balance, losses."""

import collections
import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from d3d_tf.data.dataset import Dataset
from d3d_tf.doctor.check_manifest import used_rows
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.tfrecords.rows import labels_of

# UCF-101: the clips of a group were cut from one video.
_UCF = re.compile(r"v_(\w+)_g(\d+)_c\d+$", re.IGNORECASE)
_KINETICS = re.compile(r"([\w-]{11})_\d{6}_\d{6}$")
# HMDB-51 and JHMDB, after the class: body, camera, people, side, quality.
_HMDB = r"_[a-z]_[nc]m_np\w+_[a-z]+_[a-z]+_\d+$"
UNEVEN = 10  # Largest class over smallest, of the training videos.


def check_leaks(rows: list[dict]) -> Finding:
    """No test video is, or is cut from, a training video."""
    used = used_rows(rows)
    errors: list[str] = []
    warnings: list[str] = []
    copies = _both_sides(used, lambda row: row["sha256"])
    parts = [pair for pair in copies if pair[0]["path"] == pair[1]["path"]]
    copies = [pair for pair in copies if pair not in parts]
    groups = _both_sides(used, lambda row: _match(_UCF, row["id"]))
    youtube = _both_sides(used, lambda row: _match(_KINETICS, row["id"]))
    films = _both_sides(used, lambda row: film(row["id"]))
    for pairs, words, problems in (
        (copies, "files are in training and test under two names", errors),
        (
            groups,
            "groups of UCF-101 are in training and test: use the official "
            "lists (--set layout=ucf101), which keep groups together",
            errors,
        ),
        (parts, "files have parts in training and test", warnings),
        (youtube, "YouTube videos have parts in training and test", warnings),
        (films, "films have clips in training and test", warnings),
    ):
        if pairs:
            first = " and ".join(row["id"] for row in pairs[0])
            problems.append(f"{len(pairs)} {words}, such as {first}")
    labels: dict[str, dict[int, dict]] = collections.defaultdict(dict)
    for row in used:
        labels[row["sha256"]].setdefault(row["label"], row)
    twice = [
        [row["id"] for row in by_label.values()]
        for by_label in labels.values()
        if len({row["path"] for row in by_label.values()}) > 1
    ]
    if twice:
        warnings.append(
            f"{len(twice)} files are in several classes, such as "
            f"{' and '.join(twice[0][:2])}"
        )
    return judge(
        "leaks",
        f"{len(labels)} files of other content among {len(used)} videos",
        errors=errors,
        warnings=warnings,
    )


def _match(pattern: re.Pattern, id_: str) -> tuple | None:
    found = pattern.search(PurePosixPath(id_).with_suffix("").name)
    return found and tuple(part.lower() for part in found.groups())


def film(id_: str) -> str | None:
    """The film or video that a clip of HMDB-51 or JHMDB was cut from.

    Official splits part the films of a class, but not those of all classes.

    Args:
      id_: `CLASS/FILM_CLASS_...`, as of records.

    Returns:
      Its name in small letters; None: the id is not of this form.
    """
    path = PurePosixPath(id_)
    class_name = re.escape(path.parent.name)
    found = re.match(f"(.+)_{class_name}{_HMDB}", path.stem, re.IGNORECASE)
    return found and found[1].lower()


def _both_sides(
    rows: Iterable[dict], key: Callable[[dict], object]
) -> list[tuple[dict, dict]]:
    """A training and a test video for each key that both have."""
    sides: tuple[dict, dict] = ({}, {})
    for row in rows:
        value = key(row)
        if value is not None:
            sides[row["split"] != "train"].setdefault(value, row)
    train, test = sides
    return [(train[k], test[k]) for k in train if k in test]


def check_balance(dataset: Dataset, rows: list[dict]) -> Finding:
    """Every class has videos in every split, and not far fewer than others."""
    classes = dataset.classes
    counts = {split: [0] * len(classes) for split in dataset.splits}
    for row in used_rows(rows):
        for label in labels_of(row) if row["split"] in counts else ():
            if 0 <= label < len(classes):
                counts[row["split"]][label] += 1
    errors, warnings, numbers = [], [], []
    train = counts.get("train")
    for split, videos in counts.items():
        there = [n for n in videos if n]
        if not there:
            continue
        numbers.append(f"{split} {min(there)} to {max(there)} per class")
        empty = [name for name, n in zip(classes, videos, strict=True) if not n]
        if empty:
            warnings.append(
                f"{len(empty)} classes have no video in {split}, such as "
                f"{empty[0]}"
            )
        unknown = [
            name
            for i, name in enumerate(classes)
            if train and videos[i] and not train[i]
        ]
        if unknown:
            errors.append(
                f"{len(unknown)} classes of {split} have no training video, "
                f"such as {unknown[0]}"
            )
    if train:
        fewest, most = min((n for n in train if n), default=0), max(train)
        if most > UNEVEN * fewest:
            warnings.append(
                f"the largest class has {most / max(fewest, 1):.0f} times as "
                "many training videos as the smallest"
            )
        if set(counts) == {"train"}:
            warnings.append("no video is held out for a test")
    else:
        warnings.append("there is no split train")
    return judge(
        "balance",
        f"{len(classes)} classes; {', '.join(numbers)}",
        errors=errors,
        warnings=warnings,
    )


def check_losses(dataset: Dataset, rows: list[dict]) -> Finding:
    """What was left out, and whether the lists of it are complete."""
    skipped = len(rows) - len(used_rows(rows))
    missing = sum(c["missing"] for c in dataset.info.get("listed", {}).values())
    listed = sum(c["listed"] for c in dataset.info.get("listed", {}).values())
    errors, warnings = [], []
    if skipped:
        warnings.append(f"{skipped} files could not be used (quarantine.csv)")
    if missing:
        warnings.append(
            f"{missing} of {listed} listed videos are not on disk (missing.csv)"
        )
    files = [("quarantine.csv", skipped)]
    if listed:
        files.append(("missing.csv", missing))
    for name, count in files:
        found = _lines(dataset.folder / name)
        if found != count:
            errors.append(
                f"{name} {'is missing' if found is None else f'has {found}'} "
                f"and should have {count} lines"
            )
    return judge(
        "losses",
        f"{len(rows)} files tried, {skipped} left out, {missing} missing",
        errors=errors,
        warnings=warnings,
    )


def _lines(path: Path) -> int | None:
    try:
        with open(path, newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    except OSError:
        return None
