"""`--mode=train`: one network from labels, the flow or the RGB one."""

from collections.abc import Sequence

from d3d_tf.commands.common import (
    alone_in,
    require_sources,
    run_folder,
    show_plan,
)
from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.needs import require_means
from d3d_tf.roles import BASELINE, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import open_run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    records_dir: str = "records",
    run_dir: str | None = None,
    init: Sequence[str] = (),
    allow_flow_mismatch: bool = False,
    dry_run: bool = False,
) -> None:
    """Records, one network, its row of the table, the report.

    It is the network that a later `--mode=distill` with the same run folder
    takes as its teacher (`train.stream=flow`) or its baseline (`rgb`).

    Args:
      recipe: `train.stream` names the network, but with `task=detection`. Of
        features, one that sees all frames is the teacher.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run_dir: the run folder; None: runs/RECIPE.
      init: runs or published weights that the network starts from.
      allow_flow_mismatch: accept records of another flow than the run's.
      dry_run: show the recipe, and do nothing.

    Raises:
      UserError: see `start_training` and `train_missing`.
    """
    require_sources("train", recipe, data, records_dir)
    folder = run_folder(recipe, run_dir)
    if dry_run:
        return show_plan("train", recipe, data, folder)
    starts = [open_run(given) for given in init]
    require_means("train")
    from d3d_tf.experiment.results_json import Table
    from d3d_tf.experiment.stages import score, train_missing
    from d3d_tf.experiment.start import start_training
    from d3d_tf.report.write import write_report
    from d3d_tf.tfrecords.ensure import ensure_records

    role = _role(recipe)
    with alone_in(folder):
        recipe, dataset = ensure_records(recipe, data, records_dir)
        if role == TEACHER and not recipe.of_features:
            dataset.require_flow()
        experiment = start_training(
            recipe,
            dataset,
            Run(folder),
            rows=(role,),
            init=starts,
            allow_flow_mismatch=allow_flow_mismatch,
        )
        table = Table(experiment)
        train_missing(experiment, role)
        table.add(score(experiment, role))
        say(f"report: {write_report(experiment.run, dataset)}")


def _role(recipe: Recipe) -> str:
    """Which network of a run is trained.

    Raises:
      UsageError: it is a teacher that is to be trained beside its student.
    """
    # Detectors look at RGB, whatever the stream.
    teaches = recipe.train.stream == "flow" and recipe.task != DETECTION
    if recipe.of_features:
        teaches = recipe.fewer_frames.way == "all"
    if teaches and recipe.distill.parallel:
        raise UsageError(
            "distill.parallel=true trains the teacher beside the student, with "
            "--mode=distill: leave it away to train the teacher alone."
        )
    return TEACHER if teaches else BASELINE
