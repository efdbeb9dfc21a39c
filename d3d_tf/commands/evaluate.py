"""`--mode=evaluate`: results of a run, of several as one, of detections."""

from collections.abc import Sequence
from pathlib import Path

from d3d_tf.atomic_files import to_path, write_atomically
from d3d_tf.commands.common import (
    alone_in,
    changed_recipe,
    chosen_run,
)
from d3d_tf.errors import UsageError, UserError
from d3d_tf.roles import ROLES, TEACHER, rows_of
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say

_TASK = "task=detection"
_ASIDE = "keep these results elsewhere with --out=RESULTS.json"


def run(
    *,
    checkpoint: Sequence[str] = (),
    run_dir: str | None = None,
    data: str | None = None,
    settings: Sequence[str] = (),
    allow_flow_mismatch: bool = False,
    out: str | None = None,
    detections: str | None = None,
) -> None:
    """Shows the results table of a run, or what several results make together.

    With `detections`, it scores a file of them and needs no run.

    Args:
      checkpoint: a run, or published weights, or a module; none: `run_dir` or
        the newest run. Two or more: see `combine`.
      run_dir: as one `checkpoint`.
      data: records; None: those that the run was made on. With `detections`,
        the CSV file of true boxes.
      settings: `key=value`, of the recipe's section `evaluation`: other views
        than when the run was made. With `detections`, of `DetectionRecipe`.
      allow_flow_mismatch: accept records of another flow.
      out: with two or more: where the combined results are kept; with one, a
        JSON file for its results, which leaves those in the run as they are.
      detections: CSV file of boxes with actions and scores.

    Raises:
      UsageError: flags that do not go together, or a setting of another
        section.
      UserError: see `evaluate_run`, `combine` and `evaluate_detections`.
    """
    if out and len(checkpoint) < 2 and not out.endswith(".json"):
        raise UsageError(
            f"--out={out}: the results of one run are a file such as "
            "RESULTS.json."
        )
    settings = list(settings)
    if detections or _TASK in settings:
        if checkpoint or run_dir:
            raise UsageError("Detections are scored without a run.")
        return _evaluate_detections(data, detections, settings, out)
    if len(checkpoint) > 1:
        if data or run_dir or settings or allow_flow_mismatch:
            raise UsageError(
                "--mode=evaluate with several --checkpoint combines results "
                "that are there already; of the other flags it takes --out "
                "only."
            )
        from d3d_tf.experiment.combine import combine

        return combine(checkpoint, out)
    one = chosen_run(checkpoint[0] if checkpoint else None, run_dir)
    return evaluate_run(
        one,
        data,
        settings,
        allow_flow_mismatch=allow_flow_mismatch,
        out=out,
    )


def _evaluate_detections(
    truth: str | None,
    detections: str | None,
    settings: list[str],
    out: str | None,
) -> None:
    if not (truth and detections):
        raise UsageError(
            "Detections are scored with --data=TRUTH.csv "
            "--detections=DETECTIONS.csv."
        )
    from d3d_tf.detection.settings import detection_settings
    from d3d_tf.experiment.evaluate_detections import evaluate_detections

    rules = detection_settings([s for s in settings if s != _TASK])
    evaluate_detections(truth, detections, rules, out)


def evaluate_run(
    run: Run,
    data: str | None,
    settings: list[str],
    *,
    allow_flow_mismatch: bool = False,
    out: str | None = None,
) -> None:
    """Shows the rows of all networks that the run has finished.

    They go to the run's results.json; those of records that are not the run's
    own, and those for `out`, to a results.json of their own, whose path is
    shown.

    Raises:
      UserError: it has finished none, or one of them knows another flow than
        that of the records.
    """
    recipe = changed_recipe(run, "evaluate", "evaluation", settings)
    from d3d_tf.experiment.experiment import Experiment
    from d3d_tf.experiment.other_records import (
        records_for,
        run_on,
        warn_of_other_pictures,
    )
    from d3d_tf.experiment.results_json import Table, set_damaged_aside
    from d3d_tf.experiment.stages import score

    set_damaged_aside(run)
    dataset = records_for(run, data)
    warn_of_other_pictures(run, dataset)
    run = run_on(run, dataset, Path(out).stem if out else "")
    donor = run.origin()["teacher"]
    experiment = Experiment(
        recipe,
        dataset,
        run,
        Run(to_path(donor)) if donor else None,
        flow_mismatch=run.origin()["flow_mismatch"],
    )
    if experiment.is_finished(TEACHER):
        found = run.require_flow(
            dataset.flow, dataset.folder, allow=allow_flow_mismatch
        )
        experiment.flow_mismatch = found or experiment.flow_mismatch
    rows = _finished_rows(experiment)
    with alone_in(run.results_path.parent, _ASIDE):
        table = Table(experiment)
        for row in rows:
            table.add(score(experiment, row))
    _tell_where(run, out)


def _finished_rows(experiment) -> list[str]:
    """The rows of the table whose networks are all there.

    Raises:
      UserError: there are none.
    """
    rows = [
        row
        for row in rows_of(experiment.recipe)
        if all(experiment.is_finished(part) for part in ROLES[row].parts)
    ]
    if not rows:
        run = experiment.run
        raise UserError(
            f"{run.folder} has no finished network yet: start "
            f"--mode={run.maker()} --run_dir={run.folder} again, it goes on "
            "from its checkpoints."
        )
    return rows


def _tell_where(run: Run, out: str | None) -> None:
    """Says where results are that are not the run's own, and copies them."""
    if out:
        write_atomically(out, run.results_path.read_bytes())
    if run.aside:
        say(f"results: {out or run.results_path}")
