"""`make relays`: TSN, TSM and DNR on the toy and on JHMDB, from labels alone.

The networks see RGB of toy videos whose colours say nothing of the class, and
of the three splits of JHMDB. A ResNet-18 of a quarter of its width stands for
ResNet-50. TSN sees frames one by one: of such toy videos it cannot know more
than where discs are.
"""

import functools
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.backbones import size_and_work
from benchmarks.grounds import Compared, Ground, Home, Rows, Table, fill_table
from benchmarks.jhmdb import SPLITS, prepared
from benchmarks.table import run_mode
from d3d_tf.evaluation.bootstrap import nested_interval, stratified_interval
from d3d_tf.roles import BASELINE
from d3d_tf.runs.folder import Run

# In %, TSN-R50 on Kinetics-200 (DNR's supplement, table 1): there the relays
# through time alone.
PAPER = {
    "TSN": 72.80,
    "TSN + DNR by 2 frames": 74.56,
    "TSN + DNR by 2 frames, both ways": 75.56,
    "TSN + DNR by 4 frames": 75.52,
    "TSN + DNR by 4 frames, both ways": 74.92,
    "TSM": None,
    "TSM + DNR by 4 frames": None,
}
TSN = "TSN"
# On JHMDB: 29 epochs of 660 videos. The recipe's 4,000 steps are for S3D-G.
STEPS = "--set=train.steps=1200"


def motion_only(runs: Path, seeds: Sequence[int]) -> Ground:
    """Toy videos of any colour, without flow."""
    homes = [
        Home(
            Run(runs / f"seed{seed}-motion"),
            "toy",
            (
                f"--set=seed={seed}",
                "--set=cue=0.125",
                "--set=flow.algorithm=none",
            ),
        )
        for seed in seeds
    ]
    return Ground("toy", "shuffled_colours", tuple(homes), nested_interval)


def without_a_teacher(
    data: Path, runs: Path, toy_runs: Path, splits: Sequence[int]
) -> Ground:
    """Splits of JHMDB, of which only the records are made."""
    del toy_runs  # Nothing starts from them.
    homes = []
    for split in splits:
        recipe = f"jhmdb_split{split}"
        records = prepared(recipe, data / "videos", data / "splits", runs)
        flags = f"--recipe={recipe}", f"--data={records}", STEPS
        homes.append(Home(Run(runs / f"split{split}"), recipe, flags))
    return Ground("JHMDB", "test", tuple(homes), stratified_interval)


def settings_of(row: str) -> list[str]:
    """Of the recipe, for that row."""
    model = row.partition(" ")[0].lower()
    settings = ["stream=rgb", f"model={model}_r18", "width_factor=0.25"]
    if "DNR" in row:
        frames = row.partition(" by ")[2][0]
        settings += ["normaliser=dnr", f"frames_per_group={frames}"]
    if "both ways" in row:
        settings.append("bidirectional=true")
    return settings


def trained(home: Home, row: str) -> Run:
    """The run of a row; trains what is missing."""
    name = row.lower().replace(" + ", "-").replace(", ", " ").replace(" ", "-")
    folder = home.beside(name)
    flags = [f"--set={setting}" for setting in settings_of(row)]
    run_mode(folder, "--mode=train", *home.flags, *flags)
    return Run(folder)


def rows_of(ground: Ground) -> Rows:
    """The rows; each trains what is missing when it is called."""
    return {row: functools.partial(compared, ground, row) for row in PAPER}


def compared(ground: Ground, row: str) -> Compared:
    """The scores of a row, with those of TSN."""
    scores = ground.scores(functools.partial(trained, row=row), BASELINE)
    if row == TSN:
        return scores, None
    return scores, compared(ground, TSN)[0]


def cost_of(ground: Ground, row: str) -> str:
    """Parameters, multiply-adds of a clip, and speed in one process."""
    run = trained(ground.homes[0], row)
    metrics = run.read_results()["metrics"]
    speed = 1000 / metrics[f"{BASELINE}/ms_per_video"]["value"]
    return f"{size_and_work(run, BASELINE)}, {speed:.0f}"


if __name__ == "__main__":
    table = Table(
        "relays",
        PAPER,
        source="Kinetics-200 (supplement)",
        baseline=TSN,
        cost="parameters, multiply-adds, videos per second",
        toy=motion_only,
        real=without_a_teacher,
        splits=SPLITS,
    )
    fill_table(table, rows_of, sys.argv[1:], cost_of)
