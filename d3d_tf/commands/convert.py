"""`--mode=convert`: a published checkpoint becomes a run."""

from collections.abc import Sequence

from d3d_tf.atomic_files import require_local
from d3d_tf.errors import UsageError


def run(
    *,
    checkpoint: str | None = None,
    run_dir: str | None = None,
    settings: Sequence[str] = (),
    data: str | None = None,
) -> None:
    """Converts and verifies the checkpoint.

    Args:
      checkpoint: its prefix or file, or the name of published weights.
      run_dir: the new run folder.
      settings: `key=value`, what the checkpoint does not tell.
      data: a `.npy` clip whose logits the authors printed.

    Raises:
      UsageError: checkpoint or run folder is not named.
      UserError: it cannot be read, or is another network.
    """
    if not (checkpoint and run_dir):
        raise UsageError(
            "--mode=convert needs --checkpoint=PREFIX (or a published name) "
            "and --run_dir=OUT."
        )
    folder = require_local(run_dir, "--run_dir")
    from d3d_tf.runs.from_published import convert_given

    convert_given(checkpoint, folder, list(settings), data)
