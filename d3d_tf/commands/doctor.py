"""`--mode=doctor`: what is wrong with records, a module, a run or a machine."""

from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.screen import silence


def run(
    recipe: Recipe,
    *,
    data: str | None = None,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    sample: int = 32,
    answers: str | None = None,
    quiet: bool = False,
) -> None:
    """Checks what is named; without anything, this machine.

    Args:
      recipe: whose clips the page of records shows.
      data: a record folder, or the version folder of a module.
      checkpoint: a run, or published weights.
      run_dir: where the page goes.
      sample: videos whose pictures are decoded; 0: all.
      answers: what a caller of the module got for the clips of its kit.
      quiet: write no page, and one line only if something is wrong.

    Raises:
      UserError: a check found an error.
    """
    if answers and not data:
        raise UsageError(
            "--answers are of a module's clips: --data=MODULE names its "
            "version folder, such as runs/toy/export/1."
        )
    with silence(quiet):
        from d3d_tf.doctor.checks import examine

        examine(
            recipe, data, checkpoint, run_dir, sample, answers, page=not quiet
        )
