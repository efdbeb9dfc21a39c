"""`--mode=distill`: teacher, baseline and student; table, export, report."""

from collections.abc import Sequence
from pathlib import Path

from d3d_tf.atomic_files import to_path
from d3d_tf.commands.common import (
    alone_in,
    require_sources,
    run_folder,
    show_plan,
)
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_means
from d3d_tf.roles import ROLES, STUDENT, TEACHER, rows_of
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import open_run
from d3d_tf.screen import say

# How files of logits are called; see `read_logits`.
_LOGITS = (".npz", ".parquet", ".pq")


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    records_dir: str = "records",
    run_dir: str | None = None,
    teacher: str | None = None,
    init: Sequence[str] = (),
    allow_flow_mismatch: bool = False,
    dry_run: bool = False,
) -> None:
    """Makes what is missing of all five rows (D3D, section 3).

    Args:
      recipe: what to do.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run_dir: the run folder; None: runs/RECIPE.
      teacher: a run, or published weights, whose finished teacher and baseline
        are used; or a SavedModel of any program, or a file of a teacher's
        logits, for which neither teacher nor flow is needed.
      init: runs or published weights that the networks trained here start from.
      allow_flow_mismatch: accept records of another flow than the teacher's.
      dry_run: show the recipe, and do nothing.

    Raises:
      UserError: see `start_training` and `train_missing`.
    """
    require_sources("distill", recipe, data, records_dir)
    _require_usable_teacher(recipe, teacher)
    folder = run_folder(recipe, run_dir)
    if dry_run:
        return show_plan("distill", recipe, data, folder)
    donor = open_run(teacher) if teacher and _is_run(teacher) else None
    starts = [open_run(given) for given in init]
    require_means("distill")
    from d3d_tf.experiment.start import require_finished_teacher, start_training
    from d3d_tf.tfrecords.ensure import ensure_records

    with alone_in(folder):
        recipe, dataset = ensure_records(recipe, data, records_dir)
        rows = rows_of(recipe)
        if logits_file := _logits_file(recipe, teacher, dataset):
            rows = tuple(r for r in rows if TEACHER not in ROLES[r].parts)
        elif not recipe.of_features:
            dataset.require_flow()
        experiment = start_training(
            recipe,
            dataset,
            Run(folder),
            rows=rows,
            teacher=donor,
            init=starts,
            logits_file=logits_file,
            allow_flow_mismatch=allow_flow_mismatch,
        )
        require_finished_teacher(experiment)
        _make(experiment, rows)


def _make(experiment, rows: tuple[str, ...]) -> None:
    """What is missing of the rows, the export and the report."""
    from d3d_tf.experiment.export import export_run
    from d3d_tf.experiment.results_json import Table
    from d3d_tf.experiment.stages import score, train_missing
    from d3d_tf.report.write import write_report

    table = Table(experiment)
    for row in rows:
        train_missing(experiment, row)
        table.add(score(experiment, row))
    module = export_run(experiment.run, experiment.network(STUDENT))
    say(f"module: {module}")
    say(f"report: {write_report(experiment.run, experiment.dataset)}")


def _require_usable_teacher(recipe: Recipe, teacher: str | None) -> None:
    """Refuses one beside a teacher that is trained, and logits for features.

    Raises:
      UsageError: of either.
    """
    if not teacher:
        return
    if recipe.distill.parallel:
        raise UsageError(
            f"distill.parallel=true trains a teacher, and --teacher={teacher} "
            "names one that is trained: leave one of them away."
        )
    if recipe.of_features and not _is_run(teacher):
        raise UsageError(
            f"--teacher={teacher} is a file of logits or a module, which teach "
            "networks that see clips: one that sees features learns from "
            "another run, --teacher=RUN."
        )


def _is_run(teacher: str) -> bool:
    """Whether `--teacher` names a run, and no logits or module."""
    module = (to_path(teacher) / "saved_model.pb").exists()
    return not (module or teacher.lower().endswith(_LOGITS))


def _logits_file(recipe: Recipe, teacher: str | None, dataset) -> Path | None:
    """The logits that `--teacher` names, or of the module that it names."""
    if not teacher or _is_run(teacher):
        return None
    distill = recipe.distill
    places = [term.where for term in distill.terms if term.of_features]
    others = distill.cached_views, distill.flow_weight, distill.copy_head
    if places or any(others):
        raise UsageError(
            f"--teacher={teacher} gives logits and nothing else: leave "
            "distill.cached_views, distill.flow_weight, distill.copy_head and "
            "distill.terms of endpoints alone."
        )
    if teacher.lower().endswith(_LOGITS):
        return to_path(teacher)
    from d3d_tf.experiment.module_teacher import logits_of_module

    return logits_of_module(to_path(teacher), recipe.teacher_module, dataset)
