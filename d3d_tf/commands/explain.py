"""`--mode=explain`: which places of a video speak for a class (Grad-CAM)."""

from collections.abc import Sequence

from d3d_tf.commands.common import (
    changed_recipe,
    chosen_run,
    require_classifier,
)
from d3d_tf.errors import UsageError


def run(
    *,
    data: str | None = None,
    checkpoint: Sequence[str] = (),
    run_dir: str | None = None,
    settings: Sequence[str] = (),
    out: str | None = None,
) -> None:
    """Draws on a clip's frames what speaks for its likeliest classes.

    The clip and its crop are those of --mode=predict, or of `explain.second`.

    Args:
      data: the video file.
      checkpoint: a run, published weights or a module, or several, whose
        networks are drawn below one another; none: `run_dir`, or the newest
        run.
      run_dir: as one `checkpoint`.
      settings: `key=value`, of the recipe's section `explain`.
      out: the folder that is written; None: `NAME-explained`.

    Raises:
      UsageError: no file is named, a run has a detector, or see
        `explain_video`.
      UserError: see `explain_video`.
    """
    if not data:
        raise UsageError("--mode=explain needs --data=VIDEO.")
    runs = [chosen_run(given, None) for given in checkpoint]
    runs = runs or [chosen_run(None, run_dir)]
    for one in runs:
        require_classifier("explain", one)
        recipe = changed_recipe(one, "explain", "explain", list(settings))
    from d3d_tf.explain.job import explain_video

    explain_video(runs, recipe.explain, data, out)
