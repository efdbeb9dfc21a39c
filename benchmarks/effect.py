"""`make effect`: is the toy's student better than what it is compared with?

On seeds that nobody looked at while recipes were chosen: D3D minus RGB, and D3D
minus the control of `make table`, paired video by video. Every seed has its own
videos: intervals are hierarchical bootstraps over seeds and their videos.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.fill_docs import HERE, fill, save, with_interval
from benchmarks.table import CONTROL, README, SPLITS, seed_runs
from d3d_tf import processor
from d3d_tf.evaluation.bootstrap import nested_interval
from d3d_tf.evaluation.paired import on_common_videos
from d3d_tf.evaluation.scores import Scores
from d3d_tf.roles import BASELINE, STUDENT, titles
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores

PAGE = HERE.parent / "docs" / "toy.md"
RESULTS = HERE / "results" / "effect.json"
SEEDS = tuple(range(6, 14))


def changes(first: Scores, second: Scores) -> np.ndarray:
    """`[videos]` -1, 0 or 1: what only the first, or only the second, has."""
    before, after = on_common_videos(first, second)
    return after.right().astype(int) - before.right().astype(int)


def row(name: str, split: str, found: list[np.ndarray]) -> dict:
    """One comparison: the mean over seeds, and each seed's."""
    return {
        "minus": name,
        "split": split,
        "value": float(np.mean([change.mean() for change in found])),
        "ci95": list(nested_interval(found)),
        "seeds": [float(change.mean()) for change in found],
        "videos": len(found[0]),
    }


def measure(pairs: list[tuple[Run, Run]]) -> list[dict]:
    """A row per comparison and split.

    Args:
      pairs: of each seed its run, and that of its control.
    """
    rows = []
    for name, (number, role) in {
        titles()[BASELINE]: (0, BASELINE),
        CONTROL: (1, STUDENT),
    }.items():
        for split in SPLITS:
            found = [
                changes(
                    load_scores(pair[number].scores(role, split)),
                    load_scores(pair[0].scores(STUDENT, split)),
                )
                for pair in pairs
            ]
            rows.append(row(name, split, found))
    return rows


def markdown(results: dict) -> str:
    """The rows as docs/toy.md shows them."""
    lines = [
        "| D3D minus, points | same colours | shuffled colours | each seed |",
        "|---|---|---|---|",
    ]
    names = dict.fromkeys(row["minus"] for row in results["rows"])
    for name in names:
        rows = [row for row in results["rows"] if row["minus"] == name]
        cells = map(_points, rows)
        seeds = ", ".join(f"{100 * v:+.1f}" for v in rows[-1]["seeds"])
        lines.append(f"| {name} | {' | '.join(cells)} | {seeds} |")
    videos = results["rows"][0]["videos"]
    lines += [
        "",
        f"Seeds {', '.join(map(str, results['seeds']))}, {videos} test videos "
        "each; 95 % intervals by hierarchical bootstrap over seeds and their "
        f"videos; the last column is of shuffled colours. On "
        f"{results['processor']}.",
    ]
    return "\n".join(lines)


def sentence(results: dict) -> str:
    """Both differences with shuffled colours, as the README shows them."""
    rgb, control = (
        with_interval(row, ".1f", 100)
        for row in results["rows"]
        if row["split"] == SPLITS[1]
    )
    return (
        f"On {len(results['seeds'])} other seeds, with shuffled colours, D3D "
        f"is {rgb} points above RGB and {control} above the control, paired "
        "over seeds and videos."
    )


def _points(row: dict) -> str:
    return with_interval(row, "+.1f", 100)


def main(argv: list[str] | None = None) -> None:
    """Runs what is missing, prints the rows, writes them into the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/table"))
    given = parser.parse_args(argv)
    pairs = []
    for seed in given.seeds:
        run, control = seed_runs(given.runs, seed)
        pairs.append((Run(run), Run(control)))
    results = {
        "seeds": list(given.seeds),
        "processor": processor.name(),
        "rows": measure(pairs),
    }
    text = markdown(results)
    print(text)
    if tuple(given.seeds) == SEEDS:
        save(RESULTS, results)
        fill(PAGE, "effect", text)
        fill(README, "effect", sentence(results))


if __name__ == "__main__":
    main()
