"""A published checkpoint of another project becomes a run folder, verified."""

import json
from pathlib import Path

import numpy as np

from d3d_tf import config
from d3d_tf.atomic_files import unfinished_folder, write_atomically
from d3d_tf.errors import UsageError, UserError
from d3d_tf.models.original import Filled
from d3d_tf.runs.conversion import Conversion, read_checkpoint
from d3d_tf.runs.folder import Run
from d3d_tf.runs.origin import Origin
from d3d_tf.screen import say
from d3d_tf.streams import CHANNELS
from d3d_tf.training.checkpoints import restore, save_finished
from d3d_tf.weights.overrides import parse_settings
from d3d_tf.weights.printed_logits import check_acceptance
from d3d_tf.weights.published import Published

# For the clip that is compared before and after: small, of any length.
_CLIP = (1, 8, 64, 64)


def convert(
    path: str | Path,
    out: Path,
    settings: list[str],
    *,
    sample: str | None = None,
    published: Published | None = None,
) -> Run:
    """Makes the run folder `out`, whole or not at all, and says what is in it.

    The network's role there is `baseline` (RGB), `teacher` (flow), or
    `initial` (inflated from pictures: without a head, for `--init` only).

    Args:
      path: of the checkpoint.
      out: does not exist yet.
      settings: `--set` of the command line; see `ConvertSettings`.
      sample: a .npy file with the clip that the authors printed logits for.
      published: its entry in weights.json; None: as its digest tells.

    Raises:
      UserError: a variable is missing, surplus, mis-shaped or damaged, or the
        converted network is not what was read.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is there already: choose another --run_dir, or remove it."
        )
    what = read_checkpoint(path, parse_settings(settings), published)
    network = what.network()
    filled = what.original.fill(network)
    with unfinished_folder(out.parent) as temporary:
        _write(what, network, filled, Run(temporary), sample)
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    _tell(what, filled)
    say(f"run: {out}")
    return Run(out)


def _write(
    what: Conversion, network, filled: Filled, run: Run, sample: str | None
) -> None:
    """Makes the run and convert.json, after the network is verified."""
    weights = what.provenance(filled)
    run.start(
        what.recipe,
        what.labels,
        Origin(
            records=None,
            flow=what.published.flow if what.published else {},
            weights={"converted": weights},
        ),
    )
    checkpoints = run.checkpoints(what.role)
    save_finished(what.saved(network), checkpoints, {"converted": True})
    check = _verify(what, network, filled, run)
    if sample:
        check["acceptance"] = check_acceptance(
            network, what.published, what.labels, sample
        )
    report = weights | {
        "network": config.to_dict(what.recipe.network),
        "num_classes": what.original.num_classes,
        "stream": what.original.stream,
        "role": what.role,
        "check": check,
        "variables": filled.rows,
    }
    write_atomically(run.folder / "convert.json", json.dumps(report, indent=1))


def _verify(what: Conversion, network, filled: Filled, run: Run) -> dict:
    """Reads the saved network back; it must be what the checkpoint says.

    Raises:
      UserError: a variable or the logits differ.
    """
    again = what.network()
    restore(what.saved(again), run.checkpoints(what.role))
    variables = what.original.variables(again)
    differing = [
        name
        for name, variable in variables.items()
        if variable.numpy().tobytes() != filled.values[name].tobytes()
    ]
    if differing:
        raise UserError(
            f"Saved and read again, {', '.join(differing)} differ; nothing was "
            "written."
        )
    rng = np.random.default_rng(0)
    shape = [*_CLIP, CHANNELS[what.original.stream]]
    clip = rng.uniform(-1, 1, shape).astype(np.float32)
    before, after = (
        (
            x.features(clip)[x.trunk.endpoints[-1]]
            if what.headless
            else x(clip, training=False)
        ).numpy()
        for x in (network, again)
    )
    difference = float(np.abs(before - after).max())
    if not (np.isfinite(before).all() and difference <= 1e-5):
        raise UserError(
            f"The converted network gives logits that differ by {difference:g} "
            "after saving, or are not finite; nothing was written."
        )
    return {
        "variables_equal": len(variables),
        "clip": shape,
        "largest_difference": difference,
    }


def _tell(what: Conversion, filled: Filled) -> None:
    used = sum(1 for row in filled.rows if row["used_as"] and row["name"])
    reasons: dict[str, list[str]] = {}
    for row in filled.rows:
        if row["skipped"]:
            name = row["name"] or row["used_as"]
            reasons.setdefault(row["skipped"], []).append(name)
    original = what.original
    say(
        f"{original.path}: {original.title}; {what.recipe.network.model}, "
        f"{original.num_classes or 'no'} classes, {original.stream}"
    )
    say(f"  {used} variables used, equal bit by bit after saving")
    for reason, names in reasons.items():
        shown = ", ".join(names[:2]) + (", ..." if len(names) > 2 else "")
        say(f"  {len(names)} {'not used' if reason else ''}: {reason}: {shown}")
    if what.headless:
        say("  without a head: the run is for --init, which makes a new one")
