"""`--mode=doctor`: what is wrong with records, a module, a run or a machine."""

from d3d_tf.config import Recipe
from d3d_tf.screen import silence


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    annotations: str | None = None,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    sample: int = 32,
    quiet: bool = False,
) -> None:
    """Checks what is named; without anything, this machine.

    Args:
      recipe: whose clips the page of records shows.
      data: a record folder, the version folder of a module, or a CSV file of
        AVA's; with `annotations` a folder of videos.
      annotations: the folder of AVA's lists of them.
      checkpoint: a run, or published weights.
      run_dir: where the page goes.
      sample: videos whose pictures are decoded; 0: all.
      quiet: write no page, and one line only if something is wrong.

    Raises:
      UserError: a check found an error.
    """
    with silence(quiet):
        if annotations:
            from d3d_tf.doctor.checks import examine_lists

            return examine_lists(recipe, data, annotations)
        from d3d_tf.doctor.checks import examine

        examine(recipe, data, checkpoint, run_dir, sample, page=not quiet)
