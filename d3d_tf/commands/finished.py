"""What can be done with a run that is there: evaluate, export, visualize."""

from d3d_tf.atomic_files import to_path
from d3d_tf.config import Recipe, differences, override, to_dict
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.errors import UsageError, UserError
from d3d_tf.experiment.export import export_run
from d3d_tf.experiment.results_json import set_damaged_aside, write_table
from d3d_tf.experiment.stages import Experiment
from d3d_tf.report.write import write_report
from d3d_tf.roles import ROLES, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.screen import say


def evaluate(
    run: Run,
    data: str | None,
    *,
    allow_flow_mismatch: bool = False,
    settings: list[str] | None = None,
) -> None:
    """Shows the rows of all networks that the run has finished.

    They go to the run's results.json; those of data which are not the run's
    own to a results.json of their own, and the path is said.

    Args:
      run: the run.
      data: records; default: those that the run was made on.
      allow_flow_mismatch: accept records of another flow.
      settings: `key=value`, of the recipe's section `evaluation`: other views
        than when the run was made.

    Raises:
      UserError: it has finished none, or one of them knows another flow than
        that of the data.
      UsageError: a setting is of another section.
    """
    recipe = _changed(run, "evaluate", "evaluation", settings)
    set_damaged_aside(run)
    dataset = _dataset(run, data)
    _warn_of_other_pictures(run, dataset)
    run = _beside(run, dataset)
    experiment = _experiment(run, dataset, recipe)
    mismatch = run.origin()["flow_mismatch"]
    if experiment.is_finished(TEACHER):
        found = run.require_flow(
            dataset.flow, dataset.folder, allow=allow_flow_mismatch
        )
        mismatch = found or mismatch
    roles = tuple(
        row
        for row, role in ROLES.items()
        if all(experiment.is_finished(part) for part in role.parts)
    )
    if not roles:
        raise UserError(
            f"{run.folder} has no finished network yet: start "
            f"--mode={run.maker()} --run_dir={run.folder} again, it goes on "
            "from its checkpoints."
        )
    write_table(experiment, roles, flow_mismatch=mismatch)
    if run.aside:
        say(f"results: {run.results_path}")


def export(run: Run, settings: list[str] | None = None) -> None:
    """Publishes the run's student and says where.

    Of a converted checkpoint it is the RGB network. Records are not needed.

    Args:
      run: the run.
      settings: `key=value`, of the recipe's section `export`.

    Raises:
      UserError: the student is not finished.
      UsageError: a setting is of another section.
    """
    recipe = _changed(run, "export", "export", settings)
    network = load_checkpoint(
        run.folder, None if run.is_converted() else STUDENT
    )
    say(f"module: {export_run(run, network, recipe)}")


def visualize(run: Run, data: str | None) -> None:
    """Writes the report page and says where.

    Raises:
      UserError: the run has no results yet, or none on these data.
    """
    if not run.read_results():
        raise UserError(f"{run.folder} has no results yet.")
    dataset = _dataset(run, data)
    beside = _beside(run, dataset)
    if not beside.read_results():
        raise UserError(
            f"{run.folder} has no results on {dataset.folder} yet: "
            f"--mode=evaluate --data={dataset.folder} makes them."
        )
    say(f"report: {write_report(beside, dataset)}")


def _warn_of_other_pictures(run: Run, dataset: Dataset) -> None:
    ours, theirs = to_dict(run.recipe().data), dataset.info["recipe"]["data"]
    for key, unit in (
        ("frame_rate", "frames per second"),
        ("short_side", "pixels along the short side"),
    ):
        if ours[key] != theirs[key]:
            say(
                f"warning: {run.folder} knows videos of {ours[key]:g} {unit}, "
                f"these records have {theirs[key]:g}."
            )


def _beside(run: Run, dataset: Dataset) -> Run:
    """The run, with a place of its own for data that are not the run's."""
    digest = dataset.info["digest"]
    own = run.read_results().get("dataset", {}).get("digest")
    if own is None:
        records = run.origin()["records"]
        # A converted network has none, and the first it meets become its own.
        own = open_dataset(records).info["digest"] if records else digest
    if digest == own:
        return run
    return Run(run.folder, aside=f"{dataset.info['name']}-{digest[:8]}")


def _changed(
    run: Run, mode: str, section: str, settings: list[str] | None
) -> Recipe:
    """The run's recipe with the settings, all of which are of one section."""
    recipe = override(run.recipe(), settings or [])
    before, after = to_dict(run.recipe()), to_dict(recipe)
    others = [
        key
        for key, *_ in differences(before, after)
        if not key.startswith(f"{section}.")
    ]
    if others:
        names = ", ".join(f"{section}.{leaf}" for leaf in before[section])
        raise UsageError(
            f"--mode={mode} cannot change {', '.join(others)} of a finished "
            f"run; --set takes {names} there."
        )
    return recipe


def _experiment(
    run: Run, dataset: Dataset, recipe: Recipe | None = None
) -> Experiment:
    donor = run.origin()["teacher"]
    return Experiment(
        recipe or run.recipe(),
        dataset,
        run,
        Run(to_path(donor)) if donor else None,
    )


def _dataset(run: Run, data: str | None) -> Dataset:
    """The given records, or those that the run was made on."""
    folder = data or run.origin()["records"]
    if not folder:
        raise UsageError(
            f"{run.folder} was made of published weights or of a module, not "
            "trained on records: name some with --data=RECORDS."
        )
    dataset = open_dataset(folder)
    if run.labels() != dataset.classes:
        raise UserError(
            f"{run.folder} knows {len(run.labels())} classes, {folder} has "
            f"{len(dataset.classes)}, or others: there is nothing to compare."
        )
    return dataset
