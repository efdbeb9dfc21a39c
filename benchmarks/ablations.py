"""`make ablations`: what D3D is compared with in its table 6.

Each row is a network on the records of a finished run of `make effect` (the
toy) or `make jhmdb`, trained with its recipe and, if it has one, its teacher.
"""

import functools
import sys

from benchmarks.grounds import Compared, Ground, Home, fill_table
from benchmarks.table import CONTROL, command, run_mode
from d3d_tf.roles import BASELINE, TEACHER, titles
from d3d_tf.runs.folder import Run

RGB, FLOW, D3D = (titles()[role] for role in (BASELINE, TEACHER, "student"))
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


def scores_of(ground: Ground) -> dict[str, Compared]:
    """Scores by row; trains what is missing."""
    found = {
        FLOW: ground.scores(lambda home: home.run, TEACHER),
        LEARNED: ground.scores(learned_flow, BASELINE),
        FLOW_LOSS: ground.scores(flow_loss),
        CONTROL: ground.scores(lambda home: home.control),
        D3D: ground.scores(lambda home: home.run),
    }
    for place, endpoint in PLACES.items():
        for how, logits in (("", False), (" and logits", True)):
            student = functools.partial(at, endpoint=endpoint, logits=logits)
            found[f"Distilled at {place}{how}"] = ground.scores(student)
    rgb = ground.scores(lambda home: home.run, BASELINE)
    return {RGB: (rgb, None)} | {name: (s, rgb) for name, s in found.items()}


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
    fill_table("ablations", PAPER, scores_of, sys.argv[1:])
