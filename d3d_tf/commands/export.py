"""`--mode=export`: a run's student becomes a TF-Hub module."""

from collections.abc import Sequence

from d3d_tf.commands.common import changed_recipe, chosen_run
from d3d_tf.roles import BASELINE, STUDENT
from d3d_tf.screen import say


def run(
    *,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    settings: Sequence[str] = (),
) -> None:
    """Exports the run's student, its detector, or a converted checkpoint.

    Records are not needed.

    Args:
      checkpoint: a run, published weights or a module; None: `run_dir`, or the
        newest run.
      run_dir: as `checkpoint`.
      settings: `key=value`, of the recipe's section `export`.

    Raises:
      UserError: the network is not finished.
      UsageError: a setting is of another section.
    """
    exported = chosen_run(checkpoint, run_dir)
    recipe = changed_recipe(exported, "export", "export", list(settings))
    from d3d_tf.experiment.export import export_run
    from d3d_tf.runs.loading import load_checkpoint, role_to_load
    from d3d_tf.tasks import DETECTION

    role = BASELINE if recipe.task == DETECTION else STUDENT
    if recipe.of_features:
        role = role_to_load(exported)
    network = load_checkpoint(
        exported.folder, None if exported.is_converted() else role
    )
    say(f"module: {export_run(exported, network, recipe, role)}")
