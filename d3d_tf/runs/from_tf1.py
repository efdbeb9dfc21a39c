"""A published TensorFlow 1 checkpoint becomes a run folder, verified."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf import config
from d3d_tf.atomic_files import unfinished_folder, write_atomically
from d3d_tf.errors import UsageError, UserError
from d3d_tf.models import make_network
from d3d_tf.models.inception.architecture import HEAD_NAMES
from d3d_tf.models.inception.checkpoints import checkpoint_names, infer_recipe
from d3d_tf.models.inception.checkpoints.assign import Filled, fill
from d3d_tf.models.inception.checkpoints.tf1_checkpoint import open_checkpoint
from d3d_tf.models.inception.checkpoints.variable_names import by_name
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.roles import BASELINE, INITIAL, TEACHER
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.streams import CHANNELS
from d3d_tf.text_lists import label_map
from d3d_tf.training.checkpoints import restore, save_finished
from d3d_tf.weights.overrides import (
    ConvertSettings,
    apply_settings,
    parse_settings,
)
from d3d_tf.weights.printed_logits import check_acceptance
from d3d_tf.weights.published import Published, by_digest

# For the clip that is compared before and after: small, of any length.
_CLIP = (1, 8, 64, 64)
# DeepMind's README; TF-Slim's own is the recipe's default.
_DROPOUT = {"deepmind": 0.5}


def convert(
    prefix: str | Path,
    out: Path,
    settings: list[str],
    *,
    sample: str | None = None,
) -> Run:
    """Makes the run folder `out`, whole or not at all, and says what is in it.

    The network's role there is `baseline` (RGB), `teacher` (flow), or
    `initial` (inflated from pictures: without a head, for `--init` only).

    Args:
      prefix: of the checkpoint.
      out: does not exist yet.
      settings: `--set` of the command line; see `ConvertSettings`.
      sample: a .npy file with the clip that the authors printed logits for.

    Raises:
      UserError: a variable is missing, surplus, mis-shaped or damaged, or the
        converted network is not what was read.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is there already: choose another --run_dir, or remove it."
        )
    asked = parse_settings(settings)
    checkpoint = open_checkpoint(prefix)
    contents = checkpoint_names.recognise(
        checkpoint.shapes, scope=asked.scope, averages=asked.averages
    )
    digests = checkpoint.digests()
    published = by_digest({d["git_blob"] for d in digests.values()})
    shapes = {
        name: checkpoint.shapes[there] for name, there in contents.names.items()
    }
    recipe = _recipe(contents, shapes, asked, published)
    stream = infer_recipe.read_stream(shapes)
    flat = contents.family == "slim2d"
    labels = [] if flat else _labels(shapes, asked, published)
    role = TEACHER if stream == "flow" else BASELINE
    if flat:
        role = INITIAL
    network = make_network(recipe.network, max(len(labels), 1), stream)
    filled = fill(network, checkpoint, contents)
    weights = {
        "family": contents.family,
        "published": published.name if published else None,
        "source": str(checkpoint.prefix),
        "files": digests,
        "licence": published.licence if published else None,
        "citation": published.citation if published else None,
        "initial_values": filled.initial,
    }
    with unfinished_folder(out.parent) as temporary:
        run = Run(temporary)
        run.start(
            recipe,
            labels,
            records=None,
            flow=published.flow if published else {},
            weights={"converted": weights},
        )
        saved = tf.train.Checkpoint(trunk=network.trunk) if flat else network
        save_finished(saved, run.checkpoints(role), {"converted": True})
        check = _verify(network, filled, run, role, stream)
        if sample:
            check["acceptance"] = check_acceptance(
                network, published, labels, sample
            )
        report = weights | {
            "network": dataclasses.asdict(recipe.network),
            "num_classes": None if flat else len(labels),
            "stream": stream,
            "role": role,
            "check": check,
            "variables": filled.table(checkpoint),
        }
        write_atomically(
            temporary / "convert.json", json.dumps(report, indent=1)
        )
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    _tell(out, report)
    return Run(out)


def _recipe(
    contents: checkpoint_names.Contents,
    shapes: infer_recipe.Shapes,
    asked: ConvertSettings,
    published: Published | None,
) -> config.Recipe:
    fields: dict = infer_recipe.read_width(shapes)
    flat = contents.family == "slim2d"
    infer_recipe.read_stream(shapes)
    if flat:
        fields["model"] = "i3d"
    else:
        fields |= infer_recipe.read_time(shapes, asked.said())
    if contents.family in _DROPOUT:
        fields["dropout"] = _DROPOUT[contents.family]
    recipe = config.Recipe(
        name=published.name if published else "converted",
        network=InceptionRecipe(**fields),
    )
    return apply_settings(recipe, asked, inflated=flat)


def _labels(
    shapes: infer_recipe.Shapes,
    asked: ConvertSettings,
    published: Published | None,
) -> list[str]:
    """Class names, those of Kinetics where the number of classes is its."""
    count = infer_recipe.read_num_classes(shapes)
    if asked.num_classes not in (None, count):
        raise UsageError(
            f"The checkpoint has {count} classes; num_classes="
            f"{asked.num_classes} was asked for."
        )
    name = asked.labels or (published.labels if published else None)
    if name is None and count in (400, 600):
        name = f"kinetics{count}"
        say(
            f"labels: {count} classes, taken for Kinetics-{count}'s in "
            "alphabetical order; --set labels=FILE says others."
        )
    if name is None:
        say(
            f"warning: the names of the {count} classes are not known; --set "
            "labels=FILE (a class per line) gives them."
        )
        return [f"class {i}" for i in range(count)]
    labels = list(label_map(name))
    if len(labels) != count:
        raise UsageError(
            f"labels={name} has {len(labels)} classes, the checkpoint {count}."
        )
    return labels


def _verify(network, filled: Filled, run: Run, role: str, stream: str) -> dict:
    """Reads the saved network back; it must be what the checkpoint says.

    Raises:
      UserError: a variable or the logits differ.
    """
    headless = role == INITIAL
    again = make_network(
        run.recipe().network, max(len(run.labels()), 1), stream
    )
    target = tf.train.Checkpoint(trunk=again.trunk) if headless else again
    restore(target, run.checkpoints(role))
    variables = by_name(again)
    if headless:
        variables = {k: v for k, v in variables.items() if k not in HEAD_NAMES}
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
    clip = rng.uniform(-1, 1, [*_CLIP, CHANNELS[stream]]).astype(np.float32)
    before, after = (
        (
            x.features(clip)[x.trunk.endpoints[-1]]
            if headless
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
        "clip": [*_CLIP, CHANNELS[stream]],
        "largest_difference": difference,
    }


def _tell(out: Path, report: dict) -> None:
    rows = report["variables"]
    used = sum(1 for row in rows if row["used_as"] and row["name"])
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["skipped"]:
            name = row["name"] or row["used_as"]
            reasons.setdefault(row["skipped"], []).append(name)
    network = report["network"]
    say(
        f"{report['source']}: {checkpoint_names.FAMILIES[report['family']]}; "
        f"{network['model']}, "
        f"{report['num_classes'] or 'no'} classes, {report['stream']}"
    )
    say(f"  {used} variables used, equal bit by bit after saving")
    for reason, names in reasons.items():
        shown = ", ".join(names[:2]) + (", ..." if len(names) > 2 else "")
        say(f"  {len(names)} {'not used' if reason else ''}: {reason}: {shown}")
    if report["role"] == INITIAL:
        say("  without a head: the run is for --init, which makes a new one")
    say(f"run: {out}")
