"""D3D's tables 6 to 8 on seeds of the toy and splits of JHMDB."""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import jhmdb
from benchmarks.fill_docs import HERE, fill, save
from benchmarks.table import distill, seed_runs
from d3d_tf import processor
from d3d_tf.evaluation.bootstrap import nested_interval, stratified_interval
from d3d_tf.evaluation.paired import on_common_videos
from d3d_tf.evaluation.scores import Scores
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores

PAGE = HERE.parent / "docs" / "ablations.md"
SEEDS = (6, 7, 8)
SPLITS = (1,)


@dataclasses.dataclass(frozen=True)
class Home:
    """A finished run of teacher, baseline and student, and its control.

    Attributes:
      run, control: their folders.
      recipe: the name of their recipe.
      flags: of the command line that trains a network on their records.
      start: of the command line, for where their networks started from.
    """

    run: Run
    control: Run
    recipe: str
    flags: tuple[str, ...]
    start: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """Lambda of its recipe."""
        return RECIPES[self.recipe].distill.weight

    def beside(self, name: str) -> Path:
        """The folder of another run on the same records."""
        folder = self.run.folder
        return folder.with_name(f"{folder.name}-{name}")

    def student(self, name: str, *flags: str) -> Run:
        """Another student of the run's teacher, made where it is missing."""
        folder = self.beside(name)
        teacher = f"--teacher={self.run.folder}"
        distill(folder, *self.flags, teacher, *flags)
        return Run(folder)


@dataclasses.dataclass(frozen=True)
class Ground:
    """One column of a table.

    Attributes:
      title: its head.
      split: whose videos are scored.
      homes: whose mean it is.
      interval: 95 % interval of that mean, from the values of each home.
    """

    title: str
    split: str
    homes: tuple[Home, ...]
    interval: Callable[[Sequence[np.ndarray]], tuple[float, float]]

    def scores(
        self, run_of: Callable[[Home], Run], role: str = STUDENT
    ) -> list[Scores]:
        """Of one network of a run of each home."""
        return [
            load_scores(run_of(home).scores(role, self.split))
            for home in self.homes
        ]

    def measure(self, compared: "Compared") -> dict[str, dict | None]:
        """Top-1, and by how much it is above the other's, video by video."""
        scores, baseline = compared
        right = [one.right().astype(float) for one in scores]
        change = None
        if baseline is not None:
            pairs = map(on_common_videos, baseline, scores)
            change = self._mean(
                [b.right().astype(float) - a.right() for a, b in pairs]
            )
        return {"top1": self._mean(right), "minus_rgb": change}

    def _mean(self, groups: list[np.ndarray]) -> dict:
        value = float(np.mean([group.mean() for group in groups]))
        return {"value": value, "ci95": list(self.interval(groups))}


# The scores of a row in each home, and those of its baseline, if it has one.
Compared = tuple[list[Scores], list[Scores] | None]


def toy(runs: Path, seeds: Sequence[int]) -> Ground:
    """The runs of `make table` and `make effect`; trains what is missing."""
    homes = tuple(
        Home(*map(Run, seed_runs(runs, seed)), "toy", (f"--set=seed={seed}",))
        for seed in seeds
    )
    return Ground("toy", "shuffled_colours", homes, nested_interval)


def real(
    data: Path, runs: Path, toy_runs: Path, splits: Sequence[int]
) -> Ground:
    """The runs of `make jhmdb`; trains what is missing."""
    homes = []
    for split in splits:
        recipe = f"jhmdb_split{split}"
        pair = jhmdb.trained(split, data, runs, toy_runs)
        records = pair[0].origin()["records"]
        flags = (f"--recipe={recipe}", f"--data={records}")
        start = (jhmdb.from_toy(toy_runs),)
        homes.append(Home(*pair, recipe, flags, start))
    return Ground("JHMDB", "test", tuple(homes), stratified_interval)


def fill_table(
    marker: str,
    paper: dict[str, float | None],
    scores_of: Callable[[Ground], dict[str, Compared]],
    argv: list[str],
    costs_of: Callable[[Ground], dict[str, str]] | None = None,
) -> None:
    """Makes what is missing, prints the table, writes it into the page.

    Args:
      marker: of its place in docs/ablations.md, and the name of its results.
      paper: the rows in order, with the paper's top-1 on Kinetics-400 in %.
      scores_of: trains what is missing, and returns the scores by row.
      argv: the command line; only without any is the page written.
      costs_of: parameters and multiply-adds by row, as they are shown; None:
        all rows cost the same.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--toy", type=Path, default=jhmdb.TOY)
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--jhmdb", type=Path, default=Path("runs/jhmdb"))
    parser.add_argument("--data", type=Path, default=jhmdb.DATA)
    parser.add_argument("--splits", type=int, nargs="*", default=SPLITS)
    given = parser.parse_args(argv)
    grounds = []
    if given.seeds:
        grounds.append(toy(given.toy, given.seeds))
    if given.splits:
        grounds.append(real(given.data, given.jhmdb, given.toy, given.splits))
    results = {
        "processor": processor.name(),
        "runs": {
            ground.title: [home.run.folder.name for home in ground.homes]
            for ground in grounds
        },
        "rows": {
            ground.title: {
                name: ground.measure(compared)
                for name, compared in scores_of(ground).items()
            }
            for ground in grounds
        },
        "costs": {
            ground.title: costs_of(ground) if costs_of else {}
            for ground in grounds
        },
    }
    text = markdown(paper, results)
    print(text)
    if (tuple(given.seeds), tuple(given.splits)) == (SEEDS, SPLITS):
        save(HERE / "results" / f"{marker}.json", results)
        fill(PAGE, marker, text)


def markdown(paper: dict[str, float | None], results: dict) -> str:
    """The rows as docs/ablations.md shows them."""
    columns, costs = results["rows"], results["costs"]
    shown = [f"{title} | minus RGB" for title in columns]
    shown += [f"cost, {title}" for title, found in costs.items() if found]
    lines = [
        f"| | Kinetics-400 (paper) | {' | '.join(shown)} |",
        "|---|---|" + "---|" * (" | ".join(shown).count("|") + 1),
    ]
    for name, top1 in paper.items():
        cells = ["" if top1 is None else str(top1)]
        for rows in columns.values():
            cells += jhmdb.in_points(rows[name])
        cells += [f.get(name, "") for f in costs.values() if f]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    runs = "; ".join(
        f"{title}: {', '.join(names)}"
        for title, names in results["runs"].items()
    )
    lines += [
        "",
        f"Top-1 in % and differences in points, with 95 % intervals. {runs}. "
        + ("Cost: parameters, multiply-adds. " if any(costs.values()) else "")
        + f"On {results['processor']}.",
    ]
    return "\n".join(lines)
