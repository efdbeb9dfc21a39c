"""`make jhmdb`: D3D on real videos, the three official splits of JHMDB.

`DATA` has the data set's `videos` and `splits` (docs/datasets.md). Every split
has its own teacher, baseline, student and control (a student of the split's RGB
baseline). All start from the networks of a run of the toy. Each is trained to
its end before the next, and what is finished is not made again.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.fill_docs import HERE, fill, save, with_interval
from benchmarks.table import CONTROL, distill
from d3d_tf import processor
from d3d_tf.evaluation.bootstrap import stratified_interval
from d3d_tf.evaluation.scores import Scores, average
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import BASELINE, ROLES, STUDENT, titles
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores
from d3d_tf.tfrecords.ensure import ensure_records

RESULTS = HERE / "results" / "jhmdb.json"
PAGE = HERE.parent / "docs" / "jhmdb.md"
DATA = HERE.parents[1] / "shared" / "data" / "jhmdb"
TOY = Path("runs/table")
TOY_SEED = 6
SPLITS = (1, 2, 3)
RGB = titles()[BASELINE]


def prepared(recipe: str, videos: Path, splits: Path, runs: Path) -> Path:
    """The folder of records, made where it is missing."""
    _, dataset = ensure_records(
        RECIPES[recipe],
        str(videos),
        str(runs / "records"),
        annotations=str(splits),
    )
    return dataset.folder


def from_toy(toy: Path) -> str:
    """The flag that starts from a run of the toy, made where it is missing.

    Args:
      toy: the runs of `make table` and `make effect`.
    """
    start = toy / f"seed{TOY_SEED}"
    distill(start, f"--set=seed={TOY_SEED}")
    return f"--init={start}"


def trained(
    split: int, data: Path, runs: Path, toy: Path, flags: Sequence[str] = ()
) -> list[Run]:
    """The run of a split and its control, made where they are missing."""
    recipe = f"jhmdb_split{split}"
    records = prepared(recipe, data / "videos", data / "splits", runs)
    common = [f"--recipe={recipe}", f"--data={records}", from_toy(toy), *flags]
    run, control = runs / f"split{split}", runs / f"split{split}-control"
    distill(run, *common)
    distill(
        control,
        *common,
        "--set=distill.teacher_stream=rgb",
        f"--teacher={run}",
    )
    return [Run(run), Run(control)]


def scores_of(run: Run) -> dict[str, Scores]:
    """Scores of the test videos by row of the table, without the control."""
    rows = {}
    for role, title in titles().items():
        parts = [load_scores(run.scores(p, "test")) for p in ROLES[role].parts]
        rows[title] = average(*parts)
    return rows


def measure(splits: list[dict[str, Scores]]) -> list[dict]:
    """Per row: top-1 of every split, their mean, and what it is above RGB.

    Args:
      splits: from `scores_of`; of each, all rows are of the same videos.
    """
    found = []
    baseline = [scores[RGB].right().astype(float) for scores in splits]
    for title in splits[0]:
        right = [scores[title].right().astype(float) for scores in splits]
        change = [a - b for a, b in zip(right, baseline, strict=True)]
        found.append(
            {
                "name": title,
                "splits": [float(r.mean()) for r in right],
                "top1": _mean(right),
                "minus_rgb": None if title == RGB else _mean(change),
            }
        )
    return found


def _mean(groups: list[np.ndarray]) -> dict:
    return {
        "value": float(np.mean([group.mean() for group in groups])),
        "ci95": list(stratified_interval(groups)),
    }


def markdown(results: dict) -> str:
    """The table as docs/jhmdb.md shows it."""
    names = " | ".join(f"split {split}" for split in results["splits"])
    lines = [
        f"| | {names} | mean | minus RGB, points |",
        "|---|" + "---|" * (len(results["splits"]) + 2),
    ]
    for row in results["rows"]:
        cells = [f"{100 * value:.1f}" for value in row["splits"]]
        cells += in_points(row)
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    counts = " + ".join(map(str, results["videos"]))
    lines += [
        "",
        f"Top-1 in % on {counts} test videos; 95 % intervals by bootstrap over "
        f"the videos of each split, paired where rows are compared. On "
        f"{results['processor']}.",
    ]
    return "\n".join(lines)


def in_points(row: dict) -> list[str]:
    """Top-1 of a row and its difference from RGB, with their intervals."""
    change = row["minus_rgb"]
    return [
        with_interval(row["top1"], ".1f", 100),
        with_interval(change, "+.1f", 100) if change else "",
    ]


def main(argv: list[str] | None = None) -> None:
    """Makes what is missing, prints the table, writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, default=Path("runs/jhmdb"))
    parser.add_argument("--toy", type=Path, default=TOY)
    parser.add_argument("--splits", type=int, nargs="+", default=SPLITS)
    given, flags = parser.parse_known_args(argv)
    scores = []
    for split in given.splits:
        run, control = trained(split, given.data, given.runs, given.toy, flags)
        theirs = load_scores(control.scores(STUDENT, "test"))
        scores.append(scores_of(run) | {CONTROL: theirs})
    results = {
        "splits": list(given.splits),
        "videos": [len(rows[RGB].ids) for rows in scores],
        "processor": processor.name(),
        "flags": flags,
        "rows": measure(scores),
    }
    text = markdown(results)
    print(text)
    if tuple(given.splits) == SPLITS and not flags:
        save(RESULTS, results)
        fill(PAGE, "jhmdb", text)


if __name__ == "__main__":
    main()
