"""Networks out of run folders."""

from pathlib import Path
from typing import Any

from d3d_tf.atomic_files import to_path
from d3d_tf.errors import UserError
from d3d_tf.roles import BASELINE, INITIAL, STREAM, STUDENT, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.runs.networks import make_role
from d3d_tf.training.checkpoints import is_finished, restore


def load_checkpoint(folder: str | Path, role: str | None = None) -> Any:
    """The trained network of a run folder.

    Args:
      folder: of the run.
      role: `student`, `baseline` (RGB) or `teacher` (flow); default: the
        student, or the baseline where there is no student; of features the
        teacher, too, where there is neither.

    Returns:
      A network: frames as its `pixels` make them, by default in [-1, 1], or
      flow, px per frame / 20, to logits. Of a run with `task=detection` a
      `Detector`.

    Raises:
      UserError: the folder is no run, or has not finished that network.
    """
    run = Run(to_path(folder))
    role = role_to_load(run, role)
    network = make_role(run.recipe(), role, len(run.labels()), restored=True)
    restore(network, run.checkpoints(role))
    return network


def role_to_load(run: Run, role: str | None = None) -> str:
    """Which network `load_checkpoint` gives.

    Raises:
      UserError: as there.
    """
    usual = [STUDENT, BASELINE]
    if run.recipe().of_features:
        usual.append(TEACHER)
    wanted = [role] if role else usual
    for name in wanted:
        if is_finished(run.checkpoints(name)):
            return name
    if run.is_converted() or "module" in (run.weights() or {}):
        there = [
            name
            for name in (*STREAM, INITIAL)
            if is_finished(run.checkpoints(name))
        ]
        raise UserError(
            f"{run.folder} is a converted checkpoint, or a module, with no "
            f"{' or '.join(wanted)}; it holds {', '.join(there)}."
        )
    raise UserError(
        f"{run.folder} has no finished {' or '.join(wanted)}: start "
        f"--mode={run.maker()} --run_dir={run.folder} again, it goes on."
    )
