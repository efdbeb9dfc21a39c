"""`make finetune-table`: does what distillation taught survive fine-tuning?

On the toy's second set of motions, with few clips of them: a student that was
pre-trained by distillation, the same network pre-trained without it (the RGB
baseline of the same run), and one from scratch, all on the same clips (D3D,
section 5.4 and table 4). The first two go through the same recipe,
`toy_headings`; the third has the longer schedule that `toy` trains with.
"""

import argparse
import json
from pathlib import Path

from benchmarks.fill_docs import HERE, fill, save
from benchmarks.table import SEEDS, distill, markdown, run_mode, summarise
from d3d_tf.recipes import TOY

PAGE = HERE.parent / "docs" / "finetuning.md"
RESULTS = HERE / "results" / "finetune_table.json"
# Row: flags of the mode that makes it; {run} is the pre-trained one.
ROWS = {
    "D3D, then fine-tuned": (
        "--mode=finetune",
        "--checkpoint={run}",
        "--set=finetune.start=student",
    ),
    "RGB, then fine-tuned": (
        "--mode=finetune",
        "--checkpoint={run}",
        "--set=finetune.start=baseline",
    ),
    "From scratch": (
        "--mode=train",
        "--set=stream=rgb",
        f"--set=train.steps={TOY.train.steps}",
        f"--set=train.learning_rate={TOY.train.learning_rate}",
    ),
}


def pretrained(folder: Path, seed: int) -> Path:
    """The run of `make table` with that seed; makes it if it is not there."""
    results = folder / "results.json"
    if results.exists():
        if "ensemble/top1" in json.loads(results.read_text())["metrics"]:
            return folder
    distill(folder, f"--set=seed={seed}")
    return folder


def as_student(metrics: dict) -> dict:
    """Metrics of a run with one network, whatever it is called there."""
    return {
        f"student/{name.partition('/')[2]}": entry
        for name, entry in metrics.items()
    }


def main(argv: list[str] | None = None) -> None:
    """Runs what is missing, prints the table, writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=Path("runs/finetune"))
    parser.add_argument(
        "--pretrained",
        type=Path,
        default=Path("runs/table"),
        help="runs of `make table`; what is missing there is made",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the recipe, to try it at a small scale; writes no page then",
    )
    given = parser.parse_args(argv)
    runs: dict[str, list[dict]] = {name: [] for name in ROWS}
    for seed in given.seeds:
        start = pretrained(given.pretrained / f"seed{seed}", seed)
        for row, (name, flags) in enumerate(ROWS.items()):
            results = run_mode(
                given.runs / f"seed{seed}-{row}",
                *(flag.format(run=start) for flag in flags),
                "--recipe=toy_headings",
                f"--set=seed={seed}",
                *(f"--set={setting}" for setting in given.set),
            )
            runs[name].append(as_student(results["metrics"]))
    lines = summarise(runs)
    table = markdown(lines)
    print(table)
    if not given.set:
        save(RESULTS, lines)
        fill(PAGE, "finetune", table)


if __name__ == "__main__":
    main()
