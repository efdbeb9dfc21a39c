"""`make backbones`: D3D's tables 7 and 8, students of one S3D-G teacher.

Of each backbone its own RGB baseline and a student of the flow teacher of a
finished run of `make effect` (the toy) or `make jhmdb`; and that student fused
with the teacher, and with its baseline. X3D, TSM and TSN with DNR, which the
paper does not have, are beside them, and what each costs.
"""

import functools
import sys

from benchmarks.grounds import Compared, Ground, Home, Rows, Table, fill_table
from benchmarks.table import run_mode
from d3d_tf.evaluation.scores import average
from d3d_tf.experiment.cost_plot import points_of
from d3d_tf.models import DEFAULT
from d3d_tf.roles import BASELINE, STUDENT, TEACHER
from d3d_tf.runs.folder import Run

MODELS = {
    "i3d": "I3D",
    "s3dg": "S3D-G",
    "s3dg_nonlocal": "Non-local S3D-G",
    "x3d_s": "X3D",
    "tsm_r18": "TSM",
    "tsn_r18": "TSN + DNR",
}
# X3D half as wide and deep as X3D-S: less than half of what the quarter-width
# S3D-G of these recipes costs. ResNets a quarter as wide.
CHANGES = {
    "x3d_s": ("width_factor=1", "depth_factor=1", "head_channels=512"),
    "tsm_r18": ("width_factor=0.25",),
    "tsn_r18": ("width_factor=0.25", "normaliser=dnr"),
}
# In % (D3D, table 7). Table 8 has S3D-G on Kinetics-600: D3D 77.9, + flow 77.6,
# + RGB 79.1.
PAPER = {
    "I3D: RGB": 70.6,
    "I3D: D3D": 72.3,
    "I3D: D3D + flow": None,
    "I3D: D3D + RGB": None,
    "S3D-G: RGB": 74.0,
    "S3D-G: D3D": 75.9,
    "S3D-G: D3D + flow": None,
    "S3D-G: D3D + RGB": 76.5,
    "Non-local S3D-G: RGB": 74.7,
    "Non-local S3D-G: D3D": 76.0,
    "Non-local S3D-G: D3D + flow": None,
    "Non-local S3D-G: D3D + RGB": None,
    "X3D: RGB": None,
    "X3D: D3D": None,
    "X3D: D3D + flow": None,
    "X3D: D3D + RGB": None,
    **{
        f"{title}: {name}": None
        for title in ("TSM", "TSN + DNR")
        for name in ("RGB", "D3D", "D3D + flow", "D3D + RGB")
    },
}


def flags_of(model: str) -> list[str]:
    """Of the command line, for that backbone."""
    settings = (f"model={model}", *CHANGES.get(model, ()))
    return [f"--set={setting}" for setting in settings]


def baseline(home: Home, model: str) -> Run:
    """The run of a backbone's RGB baseline; trains what is missing."""
    if model == DEFAULT:
        return home.run
    folder = home.beside(f"{model}-rgb")
    chosen = ("--set=stream=rgb", *flags_of(model))
    run_mode(folder, "--mode=train", *home.flags, *chosen)
    return Run(folder)


def student(home: Home, model: str) -> Run:
    """The run of a backbone's student; trains what is missing."""
    if model == DEFAULT:
        return home.run
    return home.student(model, *flags_of(model))


def rows_of(ground: Ground) -> Rows:
    """The rows; each trains what is missing when it is called."""
    found: Rows = {}
    for model, title in MODELS.items():
        for name in ("RGB", "D3D", "D3D + flow", "D3D + RGB"):
            row = functools.partial(compared, ground, model, name)
            found[f"{title}: {name}"] = row
    return found


def compared(ground: Ground, model: str, name: str) -> Compared:
    """One row of a backbone, with its RGB baseline."""
    rgb = ground.scores(functools.partial(baseline, model=model), BASELINE)
    if name == "RGB":
        return rgb, None
    d3d = ground.scores(functools.partial(student, model=model))
    if name == "D3D":
        return d3d, rgb
    flow = ground.scores(lambda home: home.run, TEACHER)
    other = {"D3D + flow": flow, "D3D + RGB": rgb}[name]
    return list(map(average, d3d, other)), rgb


def cost_of(ground: Ground, row: str) -> str:
    """Parameters and multiply-adds of a clip, of a row that is one student."""
    title, _, name = row.partition(": ")
    if name != "D3D":
        return ""
    (model,) = (m for m, t in MODELS.items() if t == title)
    run = student(ground.homes[0], model)
    return size_and_work(run, STUDENT)


def size_and_work(run: Run, role: str) -> str:
    """`590 k, 63 M`: parameters and multiply-adds of one network of a run."""
    (point,) = (
        point
        for point in points_of(run.results_path)
        if point.network.startswith(role)
    )
    parameters = run.read_results()["metrics"][f"{role}/parameters"]["value"]
    return f"{parameters / 1e3:,.0f} k, {point.multiply_adds / 1e6:.0f} M"


if __name__ == "__main__":
    fill_table(Table("backbones", PAPER), rows_of, sys.argv[1:], cost_of)
