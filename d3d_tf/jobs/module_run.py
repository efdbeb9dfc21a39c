"""An exported module becomes a run folder again, verified."""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

import d3d_tf
from d3d_tf import config
from d3d_tf.console import say
from d3d_tf.errors import UserError
from d3d_tf.files import literal, unfinished_folder
from d3d_tf.hub_export import rounding
from d3d_tf.jobs.published import cache_folder
from d3d_tf.networks import make_network
from d3d_tf.runs import INITIAL, STUDENT, Run
from d3d_tf.text_lists import read_written_labels
from d3d_tf.training.trainer import save_finished


def module_run(folder: Path) -> Run:
    """The run of a module; makes it the first time, in the cache.

    Its network is the `student`, or, of a module without logits, `initial`: a
    trunk to which fine-tuning gives a head.

    Args:
      folder: of a version, with `saved_model.pb`; local or in an object store.

    Raises:
      UserError: the module is not ours, or of a network that is not known.
    """
    description = _description(folder)
    # Its index holds the variables' checksums.
    index = (folder / "variables" / "variables.index").read_bytes()
    digest = hashlib.sha256(description + index).hexdigest()[:16]
    out = cache_folder() / "modules" / digest / f"run-{d3d_tf.__version__}"
    if Run(out).exists():
        return Run(out)
    told = json.loads(description)
    recipe = _recipe(told, folder)
    with literal(folder) as place:
        module = tf.saved_model.load(place)
    # A module without logits has none.
    names = folder / "assets" / "labels.txt"
    labels = read_written_labels(names) if names.exists() else []
    network = make_network(recipe.network, len(labels) or 1, "frames")
    headless = _fill(network, module, folder)
    if not headless:
        _verify(network, module, told, recipe, folder)
    with unfinished_folder(out.parent) as temporary:
        run = Run(temporary)
        run.start(
            recipe,
            [] if headless else labels,
            records=None,
            flow=told.get("flow", {}),
            weights={
                "module": {
                    "source": str(folder),
                    "recipe": told.get("recipe"),
                    "weights": told.get("weights"),
                }
            },
        )
        save_finished(
            tf.train.Checkpoint(trunk=network.trunk) if headless else network,
            run.checkpoints(INITIAL if headless else STUDENT),
            {"module": str(folder)},
        )
        if not out.exists():  # Another process may have been faster.
            temporary.rename(out)
    say(f"{folder}: {recipe.network.model}, {len(network.variables)} variables")
    return Run(out)


def _description(folder: Path) -> bytes:
    try:
        return (folder / "module.json").read_bytes()
    except OSError as error:
        raise UserError(
            f"{folder} is a SavedModel but no module of d3d_tf: without "
            "module.json nobody knows its layers. hub.KerasLayer fine-tunes "
            "it where it is a reusable one, see docs/finetuning.md."
        ) from error


def _recipe(told: dict, folder: Path) -> config.Recipe:
    if "network" not in told:
        raise UserError(
            f"{folder}/module.json does not say which network it is (key "
            "`network`): it was made by an older d3d_tf, or by export_module "
            "outside of a run. Export it again with --mode=export, or "
            "fine-tune it by hub.KerasLayer, see docs/finetuning.md."
        )
    try:
        network = config.NetworkRecipe(**told["network"])
    except TypeError as error:
        raise UserError(
            f"{folder} is of another version of d3d_tf: {error}."
        ) from error
    endpoint = told.get("endpoint")
    if endpoint not in (None, network.final_endpoint):
        raise UserError(
            f"{folder} ends at {endpoint}, the network it is a part of at "
            f"{network.final_endpoint}: give the run, or a module of another "
            "kind. hub.KerasLayer fine-tunes this one, see docs/finetuning.md."
        )
    return config.Recipe(
        name="module",
        network=network,
        clip=config.ClipRecipe(
            frames=told["input"]["frames"], size=told["input"]["size"]
        ),
        data=config.DataRecipe(
            short_side=told["input"]["short_side"],
            frame_rate=told["frame_rate"],
            # Modules of before kept stored pixels and do not say so.
            square_pixels=told.get("square_pixels", False),
        ),
    )


def _fill(network, module, folder: Path) -> bool:
    """Gives the network the module's values, by name; whether no head is there.

    Raises:
      UserError: a variable is missing, surplus or of another shape.
    """
    there = {_path(variable): variable for variable in module.variables}
    head = {_path(variable) for variable in network.head.variables}
    headless = not head & there.keys()
    here = {
        _path(variable): variable
        for variable in network.variables
        if not (headless and _path(variable) in head)
    }
    if len(there) < len(module.variables):
        raise UserError(f"{folder} has variables of equal names.")
    wrong = sorted(here.keys() ^ there.keys()) or [
        name
        for name, variable in here.items()
        if variable.shape != there[name].shape
    ]
    if wrong:
        raise UserError(
            f"{folder} does not hold the network that its module.json tells: "
            f"{', '.join(wrong[:3])} is missing, surplus or of another shape."
        )
    for name, variable in here.items():
        variable.assign(there[name])
    return headless


def _path(variable) -> str:
    """`InceptionV1/.../kernel:0`: the name without the network's own."""
    return variable.name.partition("/")[2]


def _verify(
    network, module, told: dict, recipe: config.Recipe, folder: Path
) -> None:
    rng = np.random.default_rng(0)
    clip = (1, recipe.clip.frames, recipe.clip.size, recipe.clip.size, 3)
    unit = rng.uniform(0, 1, clip).astype(np.float32)
    theirs = module(unit, training=False).numpy()
    ours = network(unit * 2 - 1, training=False).numpy()
    difference = rounding.difference(theirs, ours)
    if not difference <= rounding.told(told):
        raise UserError(
            f"The network read from {folder} gives logits that differ by "
            f"{difference:.2g} of the largest from the module's; nothing was "
            "written."
        )
