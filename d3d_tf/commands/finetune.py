"""`--mode=finetune`: a network goes on with other videos, from labels alone.

(D3D, section 5.4.)
"""

from d3d_tf.commands.common import (
    alone_in,
    require_sources,
    run_folder,
    show_plan,
)
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_means
from d3d_tf.roles import STUDENT
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import open_run
from d3d_tf.screen import say


def run(
    recipe: Recipe,
    *,
    checkpoint: str | None = None,
    data: str | None = None,
    records_dir: str = "records",
    run_dir: str | None = None,
    dry_run: bool = False,
) -> None:
    """Records, one network, its row, export and report.

    The network is called `student` in the run folder and in results.json, so
    that the other modes find it. Flow is neither needed nor looked at.

    Args:
      recipe: what to do; of its network only what architecture and shapes of
        the start leave open (dropout, weight decay, ...) is used.
      checkpoint: the run, published weights or module whose RGB network goes
        on.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run_dir: the run folder; None: runs/RECIPE.
      dry_run: show the recipe, and do nothing.

    Raises:
      UsageError: no start is named, or it has no such network.
      UserError: nothing usable is in `data`.
    """
    if not checkpoint:
        raise UsageError(
            "--mode=finetune needs --checkpoint=START: a run, the name of "
            "published weights, or an exported module."
        )
    require_sources("finetune", recipe, data, records_dir)
    folder = run_folder(recipe, run_dir)
    if dry_run:
        return show_plan("finetune", recipe, data, folder)
    start = open_run(checkpoint)
    _require_alike(start, recipe)
    require_means("finetune")
    from d3d_tf.experiment.export import export_run
    from d3d_tf.experiment.finetuning import start_finetuning, with_network_of
    from d3d_tf.experiment.results_json import Table
    from d3d_tf.experiment.stages import score, train_missing
    from d3d_tf.report.write import write_report
    from d3d_tf.tfrecords.ensure import ensure_records

    recipe = with_network_of(start, recipe)
    with alone_in(folder):
        recipe, dataset = ensure_records(recipe, data, records_dir)
        experiment = start_finetuning(recipe, dataset, Run(folder), start)
        table = Table(experiment)
        train_missing(experiment, STUDENT)
        table.add(score(experiment, STUDENT))
        if not recipe.of_features:
            module = export_run(experiment.run, experiment.network(STUDENT))
            say(f"module: {module}")
        say(f"report: {write_report(experiment.run, dataset)}")


def _require_alike(start: Run, recipe: Recipe) -> None:
    """Refuses a start that looks at something else.

    Raises:
      UsageError: it does.
    """
    there = start.recipe()
    if there.of_features != recipe.of_features:
        raise UsageError(
            f"The networks in {start.folder} have task={there.task}, and the "
            f"recipe {recipe.name!r} has task={recipe.task}: one looks at "
            "features of frames, the other at pictures."
        )
