"""How docs/youtube8m.md shows what `make fewer-frames` measures."""

import numpy as np

from benchmarks.fill_docs import with_interval
from d3d_tf.config.frame_sampling import MAX_FRAMES
from d3d_tf.tasks.youtube8m.ranked_labels import by_frequency

KS = (6, 15, 30)
# By name: whether there is L_rep, L_pred, L_CE.
LOSSES = {
    "rep": (True, False, False),
    "pred": (False, True, False),
    "rep, CE": (True, False, True),
    "pred, CE": (False, True, True),
    "rep, pred, CE": (True, True, True),
}
ALL = "teacher"
# GAP and mAP of H-RNN on YouTube-8M itself (table 1, "serial").
PAPER = {
    ALL: (0.811, 0.414),
    **{
        f"{name}, k = {k}": values
        for k, column in {
            6: [(0.715, 0.266), (0.727, 0.288), (0.722, 0.287)]
            + [(0.728, 0.291), (0.724, 0.289), (0.731, 0.297)],
            15: [(0.777, 0.350), (0.786, 0.365), (0.784, 0.367)]
            + [(0.786, 0.368), (0.785, 0.369), (0.789, 0.375)],
            30: [(0.795, 0.378), (0.802, 0.394), (0.798, 0.390)]
            + [(0.803, 0.399), (0.799, 0.391), (0.806, 0.405)],
        }.items()
        for name, values in zip(("uniform", *LOSSES), column, strict=True)
    },
}
# Mixtures of three NeXtVLADs, of the supplement; there with k = 30.
ENSEMBLE = "ensemble "
ENSEMBLES = {f"{ENSEMBLE}{ALL}": (0.839, 0.485)} | {
    f"{ENSEMBLE}{name}, k = {k}": {
        ("uniform", 30): (0.821, 0.445),
        ("student", 30): (0.825, 0.450),
    }.get((name, k))
    for k in KS
    for name in ("uniform", "student")
}
SIZES = (8, 16, 24)  # Of 48 classes.


def markdown(results: dict) -> str:
    """The tables, and what fewer frames save."""
    parts = [_losses(results, PAPER), _losses(results, ENSEMBLES)]
    parts += [_subsets(results), _costs(results), _source(results)]
    return "\n\n".join(part for part in parts if part)


def _losses(results: dict, rows: dict) -> str:
    lines = [
        "| | GAP | minus uniform | mAP | minus uniform | paper: GAP, mAP |",
        "|---|---|---|---|---|---|",
    ]
    for row, paper in rows.items():
        if found := results["rows"].get(row):
            cells = [
                _in_points(found["measures"], key)
                for key in ("gap", "gap minus", "map", "map minus")
            ]
            cells.append(", ".join(f"{100 * v:.1f}" for v in paper or ()))
            lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) if lines[2:] else ""


def _subsets(results: dict) -> str:
    lines = [
        "| of classes | | GAP | minus uniform | mAP | minus uniform | share |",
        "|---|---|---|---|---|---|---|",
    ]
    shown = [ALL]
    shown += [f"{n}, k = {k}" for k in KS for n in ("uniform", "rep, pred, CE")]
    for name in by_frequency(np.zeros(max(SIZES)), list(SIZES)):
        for row in shown:
            if found := results["rows"].get(row):
                keys = (f"{name} GAP", f"{name} mAP")
                cells = [
                    _in_points(found["measures"], f"{key}{end}")
                    for key in keys
                    for end in ("", " minus")
                ]
                share = found["measures"][f"{name} mAP, share"]["value"]
                cells.append(f"{100 * share:.1f}")
                lines.append(f"| {name} | {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _costs(results: dict) -> str:
    lines = [
        "| | frames | network, multiply-adds | ms | with features, "
        "multiply-adds | ms |",
        "|---|---|---|---|---|---|",
    ]
    each = results["extraction"]
    frames_of = (ALL, *(f"uniform, k = {k}" for k in reversed(KS)))
    for row in (*frames_of, *(f"{ENSEMBLE}{one}" for one in frames_of)):
        if row in results["rows"]:
            cost = results["rows"][row]["cost"]
            frames = cost["frames"]
            work = cost["multiply_adds"] + frames * each["multiply_adds"]
            spent = cost["milliseconds"] + frames * each["milliseconds"]
            # All pictures up to the last one are decoded.
            spent += MAX_FRAMES * each["decoding"]
            lines.append(
                f"| {row} | {frames} | {cost['multiply_adds'] / 1e6:.1f} M | "
                f"{cost['milliseconds']:.1f} | {work / 1e9:.0f} G | "
                f"{spent:,.0f} |"
            )
    return "\n".join(lines)


def _source(results: dict) -> str:
    each = results["extraction"]
    return (
        "In %, and in points; a student of `rep` alone starts with the "
        "teacher's layers after the encoding (`distill.copy_head`); `share` is "
        "the sum of the subset's average precisions over the number of all "
        "classes. Seeds: "
        f"{', '.join(map(str, results['seeds']))}, 512 videos held out of "
        "each; 95 % intervals of a bootstrap over seeds and videos. Features: "
        "ResNet-50 of a picture of 224 x 224, "
        f"{each['multiply_adds'] / 1e9:.1f} G multiply-adds, "
        f"{each['milliseconds']:.0f} ms; a second of video is decoded in "
        f"{each['decoding']:.0f} ms, whatever is kept of it. On "
        f"{results['processor']}."
    )


def _in_points(found: dict, key: str) -> str:
    if key not in found:
        return ""
    form = "+.1f" if key.endswith("minus") else ".1f"
    return with_interval(found[key], form, 100)
