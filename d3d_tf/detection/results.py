"""An evaluation of detections: as JSON, as lines, as a figure."""

import numpy as np

import d3d_tf
from d3d_tf.detection.actions import GROUPS, group_of
from d3d_tf.detection.frame_map import Matches
from d3d_tf.detection.settings import DetectionRecipe

_BAR = 30
_OFFICIAL = "PascalBoxes_Precision/mAP@{iou}IOU"
_OFFICIAL_CLASS = "PascalBoxes_PerformanceByCategory/AP@{iou}IOU/{name}"


def results_of(
    matches: Matches,
    actions: dict[int, str],
    rules: DetectionRecipe,
    files: dict[str, str],
) -> dict:
    """All that is known of them, for a file of JSON.

    Args:
      matches: what was right.
      actions: `{number: name}` of those that count.
      rules: by which it was.
      files: `{path: SHA-256}` of what was read.

    Returns:
      `metrics` has the names of ActivityNet's tools; `actions` has, of each,
      its number, name, `ap` (None: nowhere true), true boxes, detections and
      hits. A class that is nowhere true is left out of means.
    """
    numbers = sorted(actions)
    precisions = matches.average_precisions(numbers)
    rows: list[dict] = []
    for number, ap in zip(numbers, precisions, strict=True):
        own = matches.action == number
        rows.append(
            {
                "id": number,
                "name": actions[number],
                "group": group_of(number),
                "ap": None if np.isnan(ap) else float(ap),
                "truths": int((matches.truth_action == number).sum()),
                "detections": int(own.sum()),
                "hits": int(matches.hits[own].sum()),
            }
        )
    metrics = {_OFFICIAL.format(iou=rules.iou): _mean(rows)}
    metrics |= {
        _OFFICIAL_CLASS.format(iou=rules.iou, name=row["name"]): row["ap"]
        for row in rows
    }
    return {
        "code_version": d3d_tf.__version__,
        "files": files,
        "rules": {
            "iou": rules.iou,
            "rows_per_keyframe": rules.rows_per_keyframe,
            "unlisted_keyframes": rules.unlisted_keyframes,
            "ties": "keyframes as they first come, rows as in the file",
        },
        "frame_map": _mean(rows),
        "oracle": matches.oracle,
        "groups": {
            group: _mean([row for row in rows if row["group"] == group])
            for group in GROUPS
        },
        "keyframes": matches.keyframes,
        "left_out": matches.left_out,
        "actions": rows,
        "metrics": metrics,
    }


def _mean(rows: list[dict]) -> float | None:
    known = [row["ap"] for row in rows if row["ap"] is not None]
    return float(np.mean(known)) if known else None


def lines_of(results: dict) -> list[str]:
    """What is shown: each action with a bar, the kinds of actions, the mean."""
    width = max(len(row["name"]) for row in results["actions"])
    lines = [f"{'':{width + 4}}    AP   true boxes  detections   right"]
    for row in results["actions"]:
        ap = row["ap"]
        bar = "" if ap is None else "#" * round(_BAR * ap)
        counts = f"{row['truths']:12,} {row['detections']:11,} {row['hits']:7,}"
        line = f"{row['id']:3} {row['name']:{width}} {_percent(ap)} {counts}"
        lines.append(f"{line}  {bar}".rstrip())
    lines.append("")
    for group, value in results["groups"].items():
        if value is not None:
            lines.append(f"{group:{width + 4}} {_percent(value)}")
    measure = f"frame-mAP at IoU {results['rules']['iou']}"
    oracle = results["oracle"]
    lines.append(
        f"{measure:{width + 4}} {_percent(results['frame_map'])}   "
        f"{results['keyframes']:,} keyframes"
        + (
            "; ORACLE: all boxes are those of the ground truth"
            if oracle
            else ""
        )
    )
    lines += [
        f"left out: {count:,} {what}"
        for what, count in results["left_out"].items()
    ]
    return lines


def _percent(value: float | None) -> str:
    return "     -" if value is None else f"{100 * value:6.2f}"
