"""Whether the networks of a run can be used, and for which records."""

import numpy as np

from d3d_tf.atomic_files import literal
from d3d_tf.config import differences, same_keys
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.errors import UserError
from d3d_tf.experiment.rows import read_costs, read_scores
from d3d_tf.roles import ROLES, STREAM
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.training.checkpoints import (
    FINISHED,
    damage,
    is_finished,
    numbers_there,
    read_finished,
)
from d3d_tf.training.going_back import list_problem

# Of what finished.json has one: a training, a conversion, a module.
_MADE_BY = {"steps", "converted", "module"}


def check_run(run: Run, data: str | None) -> list[Finding]:
    """Every network loads and is sound; labels and flow are the records'.

    Args:
      run: the run.
      data: records to use it with; default: those that it was made on.
    """
    try:
        labels = run.labels()
    except UserError as error:
        return [judge("labels", str(run.folder), errors=[str(error)[:-1]])]
    errors = []
    if len(set(labels)) < len(labels):
        errors.append("a class is there twice")
    finished = [r for r in STREAM if is_finished(run.checkpoints(r))]
    loaded = []
    for role in finished:
        problem = _load(run, role)
        if problem:
            errors.append(f"{role} {problem}")
        else:
            loaded.append(role)
        errors += _damaged_marks(run, role)
        older = _damaged_older(run, role)
        if older:
            errors.append(
                f"{role}: {older}, of an older checkpoint that nothing but a "
                "training that goes back would read"
            )
    errors += _damaged_results(run)
    return [
        judge(
            "checkpoint",
            f"{run.folder}: {', '.join(loaded) or 'no network'} loaded, "
            f"{len(labels)} classes",
            errors=errors,
            warnings=[] if finished else ["no network is finished"],
        ),
        _fits(run, data),
    ]


def _load(run: Run, role: str) -> str:
    """What is wrong with a network; empty: nothing."""
    try:
        network = load_checkpoint(run.folder, role)
    except Exception as error:  # TensorFlow's are of many kinds.
        return f"cannot be loaded: {str(error).splitlines()[0][:200]}"
    bad = [
        variable.name
        for variable in network.variables
        if not np.isfinite(variable.numpy()).all()
    ]
    return f"has weights that are no numbers, in {bad[0]}" if bad else ""


def _damaged_older(run: Run, role: str) -> str | None:
    """A damaged file of a checkpoint before the last."""
    with literal(run.checkpoints(role)) as folder:
        for number in sorted(numbers_there(folder))[:-1]:
            if problem := damage(f"{folder}/ckpt-{number}"):
                return problem
    return None


def _damaged_marks(run: Run, role: str) -> list[str]:
    """What is wrong with finished.json and TensorFlow's list."""
    folder = run.checkpoints(role)
    problems = []
    if problem := list_problem(folder):
        problems.append(problem)
    try:
        if not read_finished(folder).keys() & _MADE_BY:
            problems.append(
                f"{folder / FINISHED} is damaged: it has none of "
                f"{', '.join(sorted(_MADE_BY))}"
            )
    except UserError as error:
        problems.append(str(error).rstrip("."))
    return problems


def _damaged_results(run: Run) -> list[str]:
    """What is wrong with results.json and the scores behind it."""
    problems = []
    try:
        metrics = run.read_results().get("metrics", {})
        measured = {name.partition("/")[0] for name in metrics}
        for role in ROLES:
            costs = run.costs(role).exists()
            if costs or (role in STREAM and role in measured):
                read_scores(run, role, read_costs(run, role))
    except UserError as error:
        problems.append(str(error).rstrip("."))
    return problems


def _fits(run: Run, data: str | None) -> Finding:
    origin = run.origin()
    folder = data or origin["records"]
    if not folder:
        return judge("records of the run", "converted, made on none here")
    try:
        dataset = open_dataset(folder)
    except UserError as error:
        return judge("records of the run", folder, warnings=[str(error)])
    return judge(
        "records of the run", folder, errors=_differences(run, dataset)
    )


def _differences(run: Run, dataset: Dataset) -> list[str]:
    """Labels and flow that are not those of the records."""
    problems = []
    ours, theirs = run.labels(), dataset.classes
    if ours != theirs:
        problems.append(
            f"the run knows {len(ours)} classes, the records have "
            f"{len(theirs)}, in another order or others"
        )
    flow = run.origin()["flow"]
    there = dataset.flow
    if run.is_converted():
        there = same_keys(there, flow)
    problems += [
        f"{key} is {mine!r} in the run and {other!r} in the records"
        for key, mine, other in differences(flow, there)
    ]
    return problems
