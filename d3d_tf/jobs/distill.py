"""The main job: makes what is missing, then a student, then a report."""

from d3d_tf.config import Recipe
from d3d_tf.console import log_to, say
from d3d_tf.errors import UserError
from d3d_tf.jobs.experiment import Experiment
from d3d_tf.jobs.export import export_run
from d3d_tf.jobs.records import describe, ensure_records
from d3d_tf.jobs.results import write_table
from d3d_tf.jobs.table import ROWS
from d3d_tf.jobs.visualize import write_report
from d3d_tf.runs import Run


def distill(
    recipe: Recipe,
    *,
    data: str | None,
    records_dir: str,
    run: Run,
    teacher: Run | None,
    roles: tuple[str, ...] = tuple(ROWS),
    allow_flow_mismatch: bool = False,
) -> None:
    """Records, teacher, baseline, student, table, export, report."""
    recipe, dataset = ensure_records(recipe, data, records_dir)
    mismatch = None
    for other in (run, teacher):
        if other and other.exists():
            found = other.require_flow(
                dataset.flow, dataset.folder, allow=allow_flow_mismatch
            )
            mismatch = mismatch or found
    run.start(
        recipe,
        dataset.classes,
        records=dataset.folder,
        flow=dataset.flow,
        flow_mismatch=mismatch,
        teacher=teacher.folder if teacher else None,
    )
    log_to(run.folder / "log.txt")
    say(describe(dataset))
    if not dataset.test_splits:
        say("warning: no video was held out; scores are on training videos.")
    if recipe.toy is None:
        say(
            "warning: the networks start from scratch, no weights were given; "
            "with few videos they will learn the training videos by heart."
        )
    experiment = Experiment(recipe, dataset, run, teacher)
    if teacher and not experiment.is_finished(experiment.teacher_role):
        raise UserError(
            f"{teacher.folder} has no finished {experiment.teacher_role}."
        )
    write_table(experiment, roles, flow_mismatch=mismatch)
    if "student" in roles:
        module = export_run(run, experiment.network("student"))
        say(f"module: {module}")
    say(f"report: {write_report(run, dataset)}")
