"""`make ava-table`: what a detector starts from, on the miniature of AVA.

The recipes `toy_ava`, with the boxes of the ground truth (an oracle), and
`toy_ava_rpn`, whose RPN finds them, from scratch, from the RGB baseline and
from the student of a run of `make effect`, for several seeds; each seed has
videos of its own. Finished networks are not trained again.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.fill_docs import HERE, publish, with_interval
from benchmarks.table import distill, run_mode
from d3d_tf import processor
from d3d_tf.roles import BASELINE
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from d3d_tf.tasks.detection.scores import DetectionScores, frame_map

RESULTS = HERE / "results" / "ava_table.json"
PAGE = HERE.parent / "docs" / "detection.md"
# Of the miniature, and of the toy's run that networks start from: seed 0 of the
# former is where the recipes were settled.
SEEDS = {1: 6, 2: 7, 3: 8}
SCRATCH, RGB, D3D = (
    "From scratch",
    "From RGB (baseline)",
    "From D3D (student)",
)
# Who finds the persons: the recipe, and what is added to a folder's name.
FINDERS = {"oracle": ("toy_ava", ""), "RPN": ("toy_ava_rpn", "-rpn")}
DRAWS = 1000


def trained(seed: int, runs: Path, toy: Path) -> dict[str, DetectionScores]:
    """Scores of the held-out videos by row; trains what is missing."""
    start = toy / f"seed{SEEDS[seed]}"
    if not Run(start).results_path.is_file():
        distill(start, f"--set=seed={SEEDS[seed]}")
    flags = {
        SCRATCH: (),
        RGB: (f"--init={start}", "--set=finetune.start=baseline"),
        D3D: (f"--init={start}",),
    }
    found = {}
    for finder, (recipe, suffix) in FINDERS.items():
        for begin, extra in flags.items():
            name = begin.split()[1].lower()
            run = Run(runs / f"seed{seed}-{name}{suffix}")
            if not run.results_path.is_file():
                run_mode(
                    run.folder,
                    "--mode=train",
                    f"--recipe={recipe}",
                    f"--set=seed={seed}",
                    f"--records_dir={runs / 'records'}",
                    *extra,
                )
            scores = load_scores(run.scores(BASELINE, "val"))
            found[_row(begin, finder)] = scores
    return found


def _row(begin: str, finder: str) -> str:
    """The name of a row: where the detector starts, who finds persons."""
    return f"{begin}; {finder}"


def measure(scores: Sequence[dict[str, DetectionScores]]) -> dict[str, dict]:
    """By row: frame-mAP of each seed, the mean, and what it is above RGB's.

    Intervals are bootstraps over the videos of each seed; where rows are
    compared, both have the same draw.

    Args:
      scores: of each seed, by row; RGB's row of the same finder is compared.
    """
    matches = [{row: s.matches() for row, s in one.items()} for one in scores]
    classes = next(iter(scores[0].values())).probabilities.shape[-1]
    numbers = [*range(1, classes + 1)]
    rng = np.random.default_rng(0)
    drawn: dict[str, list] = {row: [] for row in matches[0]}
    for _ in range(DRAWS):
        for row in drawn:
            drawn[row].append([])
        for one in matches:
            names = next(iter(one.values())).videos
            share = np.full(len(names), 1 / len(names))
            draw = dict(
                zip(names, rng.multinomial(len(names), share), strict=True)
            )
            for row, match in one.items():
                weights = np.array([draw[name] for name in match.videos])
                drawn[row][-1].append(frame_map(match, numbers, weights))
    means = {row: np.mean(values, 1) for row, values in drawn.items()}
    result = {}
    for row in drawn:
        seeds = [frame_map(one[row], numbers) for one in matches]
        result[row] = {
            "seeds": seeds,
            "frame_map": _entry(np.mean(seeds), means[row]),
        }
    for row, entry in result.items():
        rgb = _row(RGB, row.rpartition("; ")[-1])
        if row != rgb:
            change = np.mean(entry["seeds"]) - np.mean(result[rgb]["seeds"])
            entry["minus_rgb"] = _entry(change, means[row] - means[rgb])
    return result


def _entry(value: float, drawn: np.ndarray) -> dict:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"value": float(value), "ci95": [float(low), float(high)]}


def markdown(results: dict) -> str:
    """The table as docs/detection.md shows it."""
    seeds = " | ".join(f"seed {seed}" for seed in SEEDS)
    lines = [
        f"| frame-mAP, % | {seeds} | mean | minus RGB, points |",
        "|---|" + "---|" * (len(SEEDS) + 2),
    ]
    for row, entry in results["rows"].items():
        cells = [f"{100 * value:.1f}" for value in entry["seeds"]]
        cells.append(with_interval(entry["frame_map"], ".1f", 100))
        change = entry.get("minus_rgb")
        cells.append(with_interval(change, "+.1f", 100) if change else "")
        lines.append(f"| {row} | {' | '.join(cells)} |")
    lines += [
        "",
        "Who finds the persons: the ground truth (oracle, `toy_ava`), or the "
        f"RPN (`toy_ava_rpn`); {results['keyframes']} held-out keyframes per "
        "seed; 95 % intervals by bootstrap over the videos of each seed. On "
        f"{results['processor']}.",
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Makes what is missing, prints the table, writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/ava"))
    parser.add_argument("--toy", type=Path, default=Path("runs/table"))
    given = parser.parse_args(argv)
    scores = [trained(seed, given.runs, given.toy) for seed in SEEDS]
    results = {
        "processor": processor.name(),
        "keyframes": len(next(iter(scores[0].values())).ids),
        "rows": measure(scores),
    }
    publish(RESULTS, results, PAGE, "ava table", markdown)


if __name__ == "__main__":
    main()
