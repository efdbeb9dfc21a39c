"""What can be done with a run that is there: evaluate, export, visualize."""

from pathlib import Path

from d3d_tf.console import say
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UserError
from d3d_tf.jobs.experiment import PARTS, Experiment
from d3d_tf.jobs.export import export_run
from d3d_tf.jobs.results import write_table
from d3d_tf.jobs.visualize import write_report
from d3d_tf.runs import STUDENT, TEACHER, Run


def evaluate(
    run: Run, data: str | None, *, allow_flow_mismatch: bool = False
) -> None:
    """Shows the rows of all networks that the run has finished.

    Raises:
      UserError: it has finished none, or one of them knows another flow than
        that of the data.
    """
    experiment = _experiment(run, data)
    mismatch = run.origin()["flow_mismatch"]
    if experiment.is_finished(TEACHER):
        dataset = experiment.dataset
        found = run.require_flow(
            dataset.flow, dataset.folder, allow=allow_flow_mismatch
        )
        mismatch = found or mismatch
    roles = tuple(
        row
        for row, parts in PARTS.items()
        if all(experiment.is_finished(part) for part in parts)
    )
    if not roles:
        raise UserError(
            f"{run.folder} has no finished network yet: start --mode=distill "
            f"--run_dir={run.folder} again, it goes on from its checkpoints."
        )
    write_table(experiment, roles, flow_mismatch=mismatch)


def export(run: Run) -> None:
    """Publishes the run's student and says where.

    Raises:
      UserError: the student is not finished.
    """
    experiment = _experiment(run, None)
    if not experiment.is_finished(STUDENT):
        raise UserError(
            f"{run.folder} has no finished student: --mode=distill makes it."
        )
    say(f"module: {export_run(run, experiment.network(STUDENT))}")


def visualize(run: Run, data: str | None) -> None:
    """Writes the report page and says where.

    Raises:
      UserError: the run has no results yet.
    """
    if not run.read_results():
        raise UserError(f"{run.folder} has no results yet.")
    say(f"report: {write_report(run, _dataset(run, data))}")


def _experiment(run: Run, data: str | None) -> Experiment:
    donor = run.origin()["teacher"]
    return Experiment(
        run.recipe(),
        _dataset(run, data),
        run,
        Run(Path(donor)) if donor else None,
    )


def _dataset(run: Run, data: str | None) -> Dataset:
    """The given records, or those that the run was made on."""
    return open_dataset(data or run.origin()["records"])
