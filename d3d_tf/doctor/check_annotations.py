"""A CSV file of AVA's, true boxes or detections, before any picture is read."""

from pathlib import Path

import numpy as np

from d3d_tf.detection.actions import ava_actions
from d3d_tf.detection.rows import Rows, read_rows
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.errors import UserError

SUFFIX = ".csv"
# The seconds of a video in which AVA's keyframes are.
FIRST, LAST = 902, 1798
_MICRO = 1_000_000


def check_annotations(path: Path) -> list[Finding]:
    """All checks of such a file; none but the first if it cannot be read."""
    try:
        rows = read_rows(path)
    except UserError as error:
        return [judge("rows", str(path), errors=[str(error)])]
    keyframes = np.unique(np.stack([rows.video, rows.time], 1), axis=0)
    return [
        _rows(rows, keyframes),
        _timestamps(rows, keyframes),
        _boxes(rows),
        _repeats(rows),
        _actions(rows),
        _last_column(rows),
    ]


def _rows(rows: Rows, keyframes: np.ndarray) -> Finding:
    count = len(rows)
    return judge(
        "rows",
        f"{count:,} boxes with an action, on {len(keyframes):,} keyframes of "
        f"{len(rows.videos):,} videos; {len(rows.keyframes):,} keyframes are "
        "named as having none",
        errors=[] if count else ["there is no box"],
    )


def _timestamps(rows: Rows, keyframes: np.ndarray) -> Finding:
    times = keyframes[:, 1]
    if not len(times):
        return judge("timestamps", "none")
    parts = int((times % _MICRO > 0).sum())
    outside = int(((times < FIRST * _MICRO) | (times > LAST * _MICRO)).sum())
    steps = np.diff(keyframes, axis=0)
    steps = steps[steps[:, 0] == 0, 1] / _MICRO
    text = f"{times.min() / _MICRO:g} to {times.max() / _MICRO:g} s"
    if len(steps):
        usual = np.median(steps)
        gaps = int((steps > usual).sum())
        text += f", every {usual:g} s, {gaps:,} gaps"
    warnings = []
    if parts:
        warnings.append(
            f"{parts:,} keyframes are not at a whole second: AVA's are, and "
            "tools of 2019 and before cut the rest off"
        )
    if outside:
        warnings.append(
            f"{outside:,} keyframes are not in AVA's {FIRST} to {LAST} s: "
            "seconds count from the start of the whole video, not of a part "
            "that was cut out of it"
        )
    return judge("timestamps", text, warnings=warnings)


def _boxes(rows: Rows) -> Finding:
    boxes = rows.boxes
    if not len(boxes):
        return judge("boxes", "none")
    turned = int((boxes[:, 2:] < boxes[:, :2]).any(1).sum())
    flat = int((boxes[:, 2:] == boxes[:, :2]).any(1).sum())
    outside = int(((boxes < 0) | (boxes > 1)).any(1).sum())
    errors, warnings = [], []
    if turned:
        errors.append(
            f"{turned:,} have their corners the wrong way round: the order is "
            "x1, y1, x2, y2"
        )
    if (boxes[:, 2:] > 2).mean() > 0.5:
        errors.append(
            "most are pixels: divide them by the width and height of the video"
        )
    elif outside:
        warnings.append(f"{outside:,} reach out of the picture, 0 to 1")
    if flat:
        warnings.append(f"{flat:,} have no area, which nothing can find")
    sides = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    return judge(
        "boxes",
        f"half are higher than {sides[0]:.2g} and wider than {sides[1]:.2g} of "
        "the picture",
        errors=errors,
        warnings=warnings,
    )


def _repeats(rows: Rows) -> Finding:
    table = np.column_stack([rows.video, rows.time, rows.boxes, rows.action])
    again = len(table) - len(np.unique(table, axis=0))
    people = len(np.unique(table[:, :-1], axis=0)) if len(table) else 0
    return judge(
        "repeats",
        f"{people:,} boxes, {len(table) / max(people, 1):.1f} actions each",
        warnings=[f"{again:,} rows are there more than once"] if again else [],
    )


def _actions(rows: Rows) -> Finding:
    every, counted = ava_actions(evaluated=False), ava_actions()
    numbers, counts = np.unique(rows.action, return_counts=True)
    named = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    unknown = {n: c for n, c in named.items() if n not in every}
    aside = sum(c for n, c in named.items() if n in every and n not in counted)
    errors = []
    if unknown:
        first = ", ".join(map(str, list(unknown)[:5]))
        errors.append(
            f"{sum(unknown.values()):,} rows have numbers that AVA has not, "
            f"such as {first}: they are 1 to {max(every)}"
        )
    return judge(
        "actions",
        f"{len(named)} of {len(every)}; {aside:,} rows are of those that AVA's "
        "challenges leave out",
        errors=errors,
    )


def _last_column(rows: Rows) -> Finding:
    there = rows.last[~np.isnan(rows.last)]
    missing = len(rows) - len(there)
    if not len(there):
        return judge("last column", "there is none: true boxes")
    whole = bool((there % 1 == 0).all())
    low, high = there.min(), there.max()
    kind = "numbers of persons" if whole else "scores"
    warnings = []
    if missing:
        warnings.append(f"{missing:,} rows have none")
    if not whole and (low < 0 or high > 1):
        warnings.append("scores are not between 0 and 1")
    return judge(
        "last column",
        f"{kind}, {low:g} to {high:g}",
        warnings=warnings,
    )
