"""`make jhmdb`: D3D on real videos, the three official splits of JHMDB.

`DATA` has the data set's `videos` and `splits` (docs/datasets.md). Every split
has its own teacher, baseline, student and control (a student of the split's RGB
baseline), and a network that begins as the student does and learns from labels
alone. All start from the networks of a run of the toy. Each is trained to
its end before the next, and what is finished is not made again. The table is of
all splits that have been measured, on whatever machine.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.fill_docs import HERE, publish, saved, with_interval
from benchmarks.table import CONTROL, control_of, distill, run_mode
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
LABELS = "The student's start, from labels"


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
    if not Run(start).results_path.is_file():
        distill(start, f"--set=seed={TOY_SEED}")
    return f"--init={start}"


def trained(
    split: int, data: Path, runs: Path, toy: Path, flags: Sequence[str] = ()
) -> tuple[Run, list[str]]:
    """The run of a split, made where it is missing, and its flags."""
    recipe = f"jhmdb_split{split}"
    records = prepared(recipe, data / "videos", data / "splits", runs)
    common = [f"--recipe={recipe}", f"--data={records}", from_toy(toy), *flags]
    run = runs / f"split{split}"
    distill(run, *common)
    return Run(run), common


def from_labels(run: Run, toy: Path, flags: Sequence[str]) -> Run:
    """The toy's student goes on without a teacher; made where it is missing."""
    folder = run.folder.with_name(f"{run.folder.name}-labels")
    start = f"--checkpoint={toy / f'seed{TOY_SEED}'}"
    others = [flag for flag in flags if not flag.startswith("--init=")]
    run_mode(folder, "--mode=finetune", start, *others)
    return Run(folder)


def right(run: Run, others: dict[str, Run]) -> dict[str, str]:
    """By row of the table, `1` or `0` for each test video: found or not.

    Args:
      run: of teacher, baseline and student.
      others: by name of their row, runs of one student more.
    """
    scores = scores_of(run) | {
        title: load_scores(other.scores(STUDENT, "test"))
        for title, other in others.items()
    }
    return {
        title: "".join(str(int(found)) for found in one.right())
        for title, one in scores.items()
    }


def scores_of(run: Run) -> dict[str, Scores]:
    """Scores of the test videos by row of the table, without the control."""
    rows = {}
    for role, title in titles().items():
        parts = [load_scores(run.scores(p, "test")) for p in ROLES[role].parts]
        rows[title] = average(*parts)
    return rows


def measure(splits: Sequence[dict[str, str]]) -> list[dict]:
    """Per row: top-1 of every split, their mean, and what it is above RGB.

    Args:
      splits: from `right`; of each, all rows are of the same videos.
    """
    found = []
    baseline = [_shares(rows[RGB]) for rows in splits]
    for title in splits[0]:
        own = [_shares(rows[title]) for rows in splits]
        change = [a - b for a, b in zip(own, baseline, strict=True)]
        found.append(
            {
                "name": title,
                "splits": [float(one.mean()) for one in own],
                "top1": _mean(own),
                "minus_rgb": None if title == RGB else _mean(change),
            }
        )
    return found


def _shares(found: str) -> np.ndarray:
    return np.array([float(digit) for digit in found])


def _mean(groups: list[np.ndarray]) -> dict:
    return {
        "value": float(np.mean([group.mean() for group in groups])),
        "ci95": list(stratified_interval(groups)),
    }


def markdown(results: dict) -> str:
    """The table as docs/jhmdb.md shows it."""
    splits = [results[name] for name in sorted(results)]
    names = " | ".join(sorted(results))
    lines = [
        f"| | {names} | mean | minus RGB, points |",
        "|---|" + "---|" * (len(splits) + 2),
    ]
    for row in measure([split["right"] for split in splits]):
        cells = [f"{100 * value:.1f}" for value in row["splits"]]
        cells += in_points(row)
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    counts = " + ".join(str(len(split["right"][RGB])) for split in splits)
    machines = " and ".join(sorted({split["processor"] for split in splits}))
    lines += [
        "",
        f"Top-1 in % on {counts} test videos; 95 % intervals by bootstrap over "
        f"the videos of each split, paired where rows are compared. On "
        f"{machines}.",
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
    measured = {}
    for split in given.splits:
        run, common = trained(split, given.data, given.runs, given.toy, flags)
        others = {
            LABELS: from_labels(run, given.toy, common),
            CONTROL: Run(control_of(run.folder, *common)),
        }
        measured[f"split {split}"] = {
            "processor": processor.name(),
            "right": right(run, others),
        }
        if flags:
            print(markdown(measured))
        else:
            results = saved(RESULTS) | measured
            publish(RESULTS, results, PAGE, "jhmdb", markdown)


if __name__ == "__main__":
    main()
