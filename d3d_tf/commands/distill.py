"""The main job: makes what is missing, then a student, then a report."""

from d3d_tf.config import Recipe
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.summary import describe
from d3d_tf.errors import UserError
from d3d_tf.experiment.export import export_run
from d3d_tf.experiment.results_json import write_table
from d3d_tf.experiment.stages import Experiment
from d3d_tf.report.write import write_report
from d3d_tf.roles import BASELINE, ROLES
from d3d_tf.runs.folder import Run
from d3d_tf.runs.warm_start import Initial
from d3d_tf.screen import log_to, say
from d3d_tf.tfrecords.ensure import ensure_records
from d3d_tf.training.checkpoints import is_finished


def distill(
    recipe: Recipe,
    *,
    data: str | None,
    records_dir: str,
    run: Run,
    teacher: Run | None,
    roles: tuple[str, ...] = tuple(ROLES),
    allow_flow_mismatch: bool = False,
    init: list[Run] | None = None,
) -> None:
    """Records, teacher, baseline, student, table, export, report.

    Args:
      recipe: what to do.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run: the run folder.
      teacher: a run whose finished teacher and baseline are used.
      roles: rows of the table.
      allow_flow_mismatch: accept records of another flow than the teacher's.
      init: runs that the networks trained here start from.
    """
    recipe, dataset = ensure_records(recipe, data, records_dir)
    if roles != (BASELINE,):
        dataset.require_flow()
    mismatch = None
    for other in (run, teacher):
        if other and other.exists():
            found = other.require_flow(
                dataset.flow, dataset.folder, allow=allow_flow_mismatch
            )
            mismatch = mismatch or found
    if teacher:
        _require_same_classes(teacher, dataset)
    initial = _initial(recipe, dataset, teacher, roles, init)
    run.start(
        recipe,
        dataset.classes,
        records=dataset.folder,
        flow=dataset.flow,
        dataset=dataset.info["digest"],
        flow_mismatch=mismatch,
        teacher=teacher.folder if teacher else None,
        weights=_weights(teacher, initial),
    )
    log_to(run.folder / "log.txt")
    say(describe(dataset))
    frames = recipe.clip.frames
    if shorter := dataset.count_shorter("train", frames):
        say(
            f"{shorter} of {dataset.splits['train']} training videos have less "
            f"than {frames} frames: their clips begin again at their end."
        )
    if not dataset.test_splits:
        say("warning: no video was held out; scores are on training videos.")
    if initial:
        initial.tell()
    elif recipe.toy is None:
        say(
            "warning: the networks start from scratch, no weights were given; "
            "with few videos they will learn the training videos by heart."
        )
    experiment = Experiment(recipe, dataset, run, teacher, initial)
    experiment.reopen_damaged()
    if teacher and not experiment.is_finished(experiment.teacher_role):
        raise UserError(
            f"{teacher.folder} has no finished {experiment.teacher_role}."
        )
    if teacher and "baseline" in roles:
        if not is_finished(teacher.checkpoints(BASELINE)):
            say(
                f"{teacher.folder} has no RGB baseline for the table: it is "
                "trained here."
            )
    write_table(experiment, roles, flow_mismatch=mismatch)
    if "student" in roles:
        module = export_run(run, experiment.network("student"))
        say(f"module: {module}")
    say(f"report: {write_report(run, dataset)}")


def _require_same_classes(teacher: Run, dataset: Dataset) -> None:
    """Logits are compared one by one, so they must mean the same."""
    theirs, ours = teacher.labels(), dataset.classes
    if theirs == ours:
        return
    differing = [
        f"logit {i} is {a!r} there, {b!r} here"
        for i, (a, b) in enumerate(zip(theirs, ours, strict=False))
        if a != b
    ]
    raise UserError(
        f"The teacher {teacher.folder} knows {len(theirs)} classes, "
        f"{dataset.folder} has {len(ours)}; "
        f"{'; '.join(differing[:2]) or 'the first ones are equal'}. A student "
        "learns its teacher's logits: the classes must be the same, in the "
        "same order."
    )


def _initial(
    recipe: Recipe,
    dataset: Dataset,
    teacher: Run | None,
    roles: tuple[str, ...],
    init: list[Run] | None,
) -> Initial | None:
    """Where the networks start that the rows need and no one else has."""
    if not init:
        return None
    trained = tuple(
        part
        for part in dict.fromkeys(
            p for role in roles for p in ROLES[role].parts
        )
        if part == "student"
        or not (teacher and is_finished(teacher.checkpoints(part)))
    )
    return Initial(init, recipe, dataset.classes, trained)


def _weights(teacher: Run | None, initial: Initial | None) -> dict | None:
    weights: dict = {}
    if initial:
        weights["init"] = initial.describe()
    if teacher and teacher.weights():
        weights["teacher"] = {
            "run": str(teacher.folder),
            "weights": teacher.weights(),
        }
    return weights or None
