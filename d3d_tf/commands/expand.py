"""`--mode=expand`: an X3D that grows step by step (section 3.3)."""

from d3d_tf.commands.common import (
    alone_in,
    require_sources,
    run_folder,
    show_plan,
)
from d3d_tf.config import Recipe
from d3d_tf.needs import require_means
from d3d_tf.screen import say


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    records_dir: str = "records",
    run_dir: str | None = None,
    dry_run: bool = False,
) -> None:
    """Trains the candidates of every step that are missing; the ladder, a page.

    Args:
      recipe: its `network` and `clip` are those of the first network, `expand`
        says how far it grows.
      data: videos or records; None: the toy's.
      records_dir: where records live.
      run_dir: where the runs go; None: runs/RECIPE.
      dry_run: show the recipe, and do nothing.

    Raises:
      UserError: see `d3d_tf.expand.job.expand`.
    """
    require_sources("expand", recipe, data, records_dir)
    folder = run_folder(recipe, run_dir)
    if dry_run:
        return show_plan("expand", recipe, data, folder)
    require_means("expand")
    from d3d_tf.expand.job import expand
    from d3d_tf.tfrecords.ensure import ensure_records

    with alone_in(folder):
        recipe, dataset = ensure_records(recipe, data, records_dir)
        say(f"page: {expand(recipe, dataset, folder)}")
