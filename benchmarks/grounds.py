"""D3D's tables 6 to 8 on seeds of the toy and splits of JHMDB.

Rows are trained and saved one by one; those of earlier calls stay.
"""

import argparse
import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import jhmdb
from benchmarks.fill_docs import HERE, publish, saved
from benchmarks.table import control_of, distill
from d3d_tf import processor
from d3d_tf.evaluation.bootstrap import nested_interval, stratified_interval
from d3d_tf.evaluation.paired import on_common_videos
from d3d_tf.evaluation.scores import Scores
from d3d_tf.recipes import RECIPES
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.tasks import load_scores

PAGE = HERE.parent / "docs" / "ablations.md"
SEEDS = [6, 7, 8]
SPLITS = (1,)
# Of decoders of flow, which see single frames.
FOUR_CLIPS = "--set=train.batch_size=4"
DECODER = ("--set=train.steps=1200", FOUR_CLIPS)


@dataclasses.dataclass(frozen=True)
class Home:
    """A finished run of teacher, baseline and student.

    Attributes:
      run: its folder.
      recipe: the name of their recipe.
      flags: of the command line that trains a network on their records.
      start: of the command line, for where their networks started from.
      decoder: of the command line, for decoders of flow that are trained alone:
        they see single frames, of which a few clips have plenty.
    """

    run: Run
    recipe: str
    flags: tuple[str, ...]
    start: tuple[str, ...] = ()
    decoder: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """Lambda of its recipe."""
        return RECIPES[self.recipe].distill.weight

    @property
    def control(self) -> Run:
        """Its control, made where it is missing."""
        return Run(control_of(self.run.folder, *self.flags, *self.start))

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
# By name, what trains a row's networks where they are missing.
Rows = dict[str, Callable[[], Compared]]


def toy(runs: Path, seeds: Sequence[int]) -> Ground:
    """The runs of `make table` and `make effect`; trains what is missing."""
    homes = []
    for seed in seeds:
        run, flag = runs / f"seed{seed}", f"--set=seed={seed}"
        distill(run, flag)
        homes.append(Home(Run(run), "toy", (flag,)))
    return Ground("toy", "shuffled_colours", tuple(homes), nested_interval)


def real(
    data: Path, runs: Path, toy_runs: Path, splits: Sequence[int]
) -> Ground:
    """The runs of `make jhmdb`; trains what is missing."""
    homes = []
    for split in splits:
        run, (*flags, start) = jhmdb.trained(split, data, runs, toy_runs)
        recipe = f"jhmdb_split{split}"
        homes.append(Home(run, recipe, tuple(flags), (start,), DECODER))
    return Ground("JHMDB", "test", tuple(homes), stratified_interval)


@dataclasses.dataclass(frozen=True)
class Table:
    """One table of docs/ablations.md.

    Attributes:
      marker: of its place in the page, and the name of its results.
      paper: the rows in order, with the paper's top-1 in %.
      source: what that is top-1 on.
      baseline: what rows are compared with.
      cost: what the costs of a row are.
      toy: makes the ground of the toy from the folder of runs and seeds.
      real: makes that of JHMDB, as `real`.
      splits: numbers of JHMDB's splits whose mean is published.
    """

    marker: str
    paper: dict[str, float | None]
    source: str = "Kinetics-400 (paper)"
    baseline: str = "RGB"
    cost: str = "parameters, multiply-adds"
    toy: Callable[[Path, Sequence[int]], Ground] = toy
    real: Callable[[Path, Path, Path, Sequence[int]], Ground] = real
    splits: Sequence[int] = SPLITS


def fill_table(
    table: Table,
    rows_of: Callable[[Ground], Rows],
    argv: list[str],
    cost_of: Callable[[Ground, str], str] | None = None,
) -> None:
    """Makes what is missing, prints the table, writes it into the page.

    Args:
      table: which.
      rows_of: its rows in any order.
      argv: the command line; with other seeds or splits than are published,
        the page and its results are left alone.
      cost_of: what a row's network costs, as it is shown; None: all cost the
        same.
    """
    given = parsed(table, argv)
    path = HERE / "results" / f"{table.marker}.json"
    keep = given.seeds in ([], SEEDS) and given.splits in ([], [*table.splits])
    grounds = []
    if given.seeds:
        grounds.append(table.toy(given.toy, given.seeds))
    if given.splits:
        folders = given.data, given.jhmdb, given.toy
        grounds.append(table.real(*folders, given.splits))
    results: dict[str, dict] = {}
    for ground in grounds:
        rows = rows_of(ground)
        for name in given.rows:
            row = ground.measure(rows[name]()) | {
                "cost": cost_of(ground, name) if cost_of else "",
                "processor": processor.name(),
            }
            if keep:
                results = saved(path)
            column = results.setdefault(ground.title, {"rows": {}})
            column["runs"] = [home.run.folder.name for home in ground.homes]
            column["rows"][name] = row
            if keep:
                shown = functools.partial(markdown, table)
                publish(path, results, PAGE, table.marker, shown)
    if not keep:
        print(markdown(table, results))


def parsed(table: Table, argv: list[str]) -> argparse.Namespace:
    """The command line; `--rows` are some of the table's."""
    rows, splits = list(table.paper), [*table.splits]
    parser = argparse.ArgumentParser()
    parser.add_argument("--toy", type=Path, default=jhmdb.TOY)
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--jhmdb", type=Path, default=Path("runs/jhmdb"))
    parser.add_argument("--data", type=Path, default=jhmdb.DATA)
    parser.add_argument("--splits", type=int, nargs="*", default=splits)
    parser.add_argument("--rows", nargs="+", choices=rows, default=rows)
    return parser.parse_args(argv)


def markdown(table: Table, results: dict) -> str:
    """The rows as docs/ablations.md shows them; empty: not measured."""
    costly = [
        title
        for title, column in results.items()
        if any(row["cost"] for row in column["rows"].values())
    ]
    shown = [f"{title} | minus {table.baseline}" for title in results]
    shown += [f"cost, {title}" for title in costly]
    lines = [
        f"| | {table.source} | {' | '.join(shown)} |",
        "|---|---|" + "---|" * (" | ".join(shown).count("|") + 1),
    ]
    for name, top1 in table.paper.items():
        cells = ["" if top1 is None else str(top1)]
        for column in results.values():
            row = column["rows"].get(name)
            cells += jhmdb.in_points(row) if row else ["", ""]
        for title in costly:
            cells.append(results[title]["rows"].get(name, {}).get("cost", ""))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    runs = "; ".join(
        f"{title}: {', '.join(column['runs'])}"
        for title, column in results.items()
    )
    machines = {
        row["processor"]
        for column in results.values()
        for row in column["rows"].values()
    }
    lines += [
        "",
        f"Top-1 in % and differences in points, with 95 % intervals. {runs}. "
        + (f"Cost: {table.cost}. " if costly else "")
        + f"On {' and '.join(sorted(machines))}.",
    ]
    return "\n".join(lines)
