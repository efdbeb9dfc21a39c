"""`--mode=visualize`: the report page of a run."""

from d3d_tf.commands.common import chosen_run
from d3d_tf.errors import UserError
from d3d_tf.screen import say


def run(
    *,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    data: str | None = None,
) -> None:
    """Writes the page anew, from the curves and results that are there.

    Also of a run that goes on, which it does not disturb.

    Args:
      checkpoint: a run; None: `run_dir`, or the newest run.
      run_dir: as `checkpoint`.
      data: records that the run was evaluated on; None: its own.

    Raises:
      UserError: the run has no results yet, or none on these records.
    """
    named = chosen_run(checkpoint, run_dir)
    from d3d_tf.experiment.other_records import records_for, run_on
    from d3d_tf.report.write import write_report

    begun = [*named.folder.glob("checkpoints/*/history.csv")]
    if not named.read_results() and (data or not begun):
        raise UserError(f"{named.folder} has no results yet.")
    dataset = records_for(named, data)
    shown = run_on(named, dataset)
    if data and not shown.read_results():
        raise UserError(
            f"{named.folder} has no results on {dataset.folder} yet: "
            f"--mode=evaluate --data={dataset.folder} makes them."
        )
    say(f"report: {write_report(shown, dataset)}")
