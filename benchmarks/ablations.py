"""`make ablations`: what D3D is compared with in its table 6.

Each row is a network on the records of a finished run of `make effect` (the
toy) or `make jhmdb`, trained with its recipe and, if it has one, its teacher.
"""

import functools
import sys
from collections.abc import Callable

from benchmarks.grounds import Compared, Ground, Home, Rows, Table, fill_table
from benchmarks.table import CONTROL, command, run_mode
from d3d_tf.evaluation.scores import Scores
from d3d_tf.roles import BASELINE, STUDENT, TEACHER, titles
from d3d_tf.runs.folder import Run

RGB, FLOW, D3D = (titles()[role] for role in (BASELINE, TEACHER, STUDENT))
LEARNED = "Learned flow"
FLOW_LOSS = "Flow as a second label"
# In % (D3D, table 6); what the paper does not have is ours.
PAPER = {
    RGB: 74.0,
    FLOW: 67.3,
    LEARNED: 69.7,
    FLOW_LOSS: 74.3,
    "Distilled at 2C": 74.4,
    "Distilled at 4C": 74.5,
    "Distilled at 2C and logits": None,
    "Distilled at 4C and logits": None,
    CONTROL: 74.3,
    D3D: 75.9,
}
PLACES = {"2C": "Conv2d_2c_3x3", "4C": "Mixed_4c"}


def rows_of(ground: Ground) -> Rows:
    """The rows; each trains what is missing when it is called."""
    networks: dict[str, tuple[Callable[[Home], Run], str]] = {
        FLOW: (lambda home: home.run, TEACHER),
        LEARNED: (learned_flow, BASELINE),
        FLOW_LOSS: (flow_loss, STUDENT),
        CONTROL: (lambda home: home.control, STUDENT),
        D3D: (lambda home: home.run, STUDENT),
    }
    for place, endpoint in PLACES.items():
        for how, logits in (("", False), (" and logits", True)):
            student = functools.partial(at, endpoint=endpoint, logits=logits)
            networks[f"Distilled at {place}{how}"] = student, STUDENT

    def rgb() -> list[Scores]:
        return ground.scores(lambda home: home.run, BASELINE)

    def beside_rgb(network: Callable[[Home], Run], role: str) -> Compared:
        return ground.scores(network, role), rgb()

    return {RGB: lambda: (rgb(), None)} | {
        name: functools.partial(beside_rgb, *network)
        for name, network in networks.items()
    }


def at(home: Home, endpoint: str, logits: bool) -> Run:
    """A student of the teacher's features, and of its logits or not."""
    terms = [f"{{where: {endpoint}}}"]
    if logits:
        terms.append(f"{{where: logits, weight: {home.weight}}}")
    return home.student(
        f"at-{endpoint}" + ("-and-logits" if logits else ""),
        *home.start,
        f"--set=distill.terms=[{', '.join(terms)}]",
        # Features are not among what is kept.
        "--set=distill.cached_views=0",
    )


def flow_loss(home: Home) -> Run:
    """No teacher: the network also learns to tell the flow."""
    return home.student(
        "flow-loss",
        *home.start,
        "--set=distill.flow_weight=1",
        "--set=distill.cached_views=0",
    )


def learned_flow(home: Home) -> Run:
    """First layers and a decoder predict the flow that a flow network sees."""
    command(
        "--mode=probe",
        *home.flags,
        *home.decoder,
        f"--checkpoint={home.run.folder}",
        "--set=probe.networks=[]",
    )
    folder = home.beside("learned-flow")
    run_mode(
        folder,
        "--mode=train",
        *home.flags,
        "--set=stream=rgb",
        "--set=model=s3dg_learned_flow",
        f"--init={home.run.folder}",
    )
    return Run(folder)


if __name__ == "__main__":
    fill_table(Table("ablations", PAPER), rows_of, sys.argv[1:])
