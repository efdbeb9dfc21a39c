"""`--mode=probe`: how much motion is in a network (D3D, section 3)."""

from pathlib import Path

from d3d_tf.atomic_files import to_path
from d3d_tf.commands.common import (
    alone_in,
    chosen_run,
    require_classifier,
    show_plan,
)
from d3d_tf.config import Recipe
from d3d_tf.needs import require_means
from d3d_tf.screen import say


def run(
    recipe: Recipe,
    *,
    checkpoint: str | None = None,
    data: str | None = None,
    records_dir: str = "records",
    run_dir: str | None = None,
    allow_flow_mismatch: bool = False,
    dry_run: bool = False,
) -> None:
    """Trains flow decoders on the networks of a run, and compares them.

    Args:
      recipe: its sections `probe` and `train` are those of the decoders, and
        its `seed`; what the networks are shown is the run's.
      checkpoint: a run, published weights or a module; None: the newest run.
      data: records or videos; None: the records of the run.
      records_dir: where records live.
      run_dir: where the probes go; None: `probe` in the run.
      allow_flow_mismatch: accept records of another flow than a flow network's.
      dry_run: show the recipe, and do nothing.

    Raises:
      UserError: see `probe_run`.
    """
    probed = chosen_run(checkpoint, None)
    require_classifier("probe", probed)
    folder = to_path(run_dir) if run_dir else probed.probes
    data = data or probed.origin()["records"]
    if dry_run:
        return show_plan("probe", recipe, str(probed.folder), folder)
    require_means("probe")
    from d3d_tf.experiment.experiment import set_precision
    from d3d_tf.probe.job import probe_run
    from d3d_tf.tfrecords.ensure import ensure_records

    set_precision(recipe.train.mixed_precision)
    with alone_in(folder):
        # Any videos will do: labels are not looked at.
        _, dataset = ensure_records(
            probed.recipe(), data, records_dir, trains=False
        )
        page = probe_run(
            probed,
            recipe,
            dataset,
            Path(folder),
            allow_flow_mismatch=allow_flow_mismatch,
        )
        say(f"page: {page}")
