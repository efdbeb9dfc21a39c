"""An exported module becomes a run folder again, verified."""

import hashlib
from pathlib import Path

import numpy as np
import tensorflow as tf

import d3d_tf
from d3d_tf import config
from d3d_tf.atomic_files import literal, unfinished_folder
from d3d_tf.damaged import naming
from d3d_tf.errors import UserError
from d3d_tf.hub_export import rounding
from d3d_tf.hub_export.features.inputs import FeatureSpec, seen
from d3d_tf.models import make_network
from d3d_tf.roles import INITIAL, STUDENT, stream_of
from d3d_tf.runs.folder import Run
from d3d_tf.runs.from_published import cache_folder
from d3d_tf.runs.module_description import (
    AGAIN,
    labels_of,
    read_description,
    recipe_of,
)
from d3d_tf.runs.origin import Origin
from d3d_tf.screen import say
from d3d_tf.training.checkpoints import damage, save_finished


def module_run(folder: Path) -> Run:
    """The run of a module; makes it the first time, in the cache.

    Its network is the `student`, or, of a module without logits, `initial`: a
    trunk to which fine-tuning gives a head.

    Args:
      folder: of a version, with `saved_model.pb`; local or in an object store.

    Raises:
      UserError: the module is not ours, or of a network that is not known.
    """
    told = read_description(folder)
    recipe = recipe_of(told, folder)
    labels = labels_of(told, folder)
    digest = hashlib.sha256()
    # Its index holds the variables' checksums.
    for path in (folder / "module.json", folder / "variables/variables.index"):
        with naming(path, AGAIN):
            digest.update(path.read_bytes())
    cache = cache_folder() / "modules" / digest.hexdigest()[:16]
    out = cache / f"run-{d3d_tf.__version__}"
    if Run(out).exists():
        return Run(out)
    network = make_network(
        recipe.network,
        len(labels) or 1,
        stream_of(recipe, STUDENT),
        restored=True,
    )
    headless = _read(network, told, recipe, folder)
    with unfinished_folder(out.parent) as temporary:
        run = Run(temporary)
        run.start(
            recipe,
            [] if headless else labels,
            Origin(
                records=None,
                flow=told.get("flow", {}),
                weights={
                    "module": {
                        "source": str(folder),
                        "recipe": told.get("recipe"),
                        "weights": told.get("weights"),
                    }
                },
            ),
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


def _read(network, told: dict, recipe: config.Recipe, folder: Path) -> bool:
    """Gives the network the module's values; whether no head is there.

    Raises:
      UserError: a file is damaged, or the module is of another network.
    """
    with literal(folder) as place:
        problem = damage(f"{place}/variables/variables")
        if problem:
            raise UserError(f"{folder}/variables/{problem}: {AGAIN}.")
        # What TensorFlow says of a damaged graph is of many kinds.
        with naming(folder / "saved_model.pb", AGAIN, Exception):
            module = tf.saved_model.load(place)
            there = list(module.variables)
    headless = _fill(network, there, folder)
    if not headless:
        _verify(network, module, told, recipe, folder)
    return headless


def _fill(network, variables: list, folder: Path) -> bool:
    """Gives the network the module's values, by name; whether no head is there.

    Raises:
      UserError: a variable is missing, surplus or of another shape.
    """
    there = {_path(variable): variable for variable in variables}
    head = {_path(variable) for variable in network.head.variables}
    headless = not head & there.keys()
    here = {
        _path(variable): variable
        for variable in network.variables
        if not (headless and _path(variable) in head)
    }
    if len(there) < len(variables):
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
    if recipe.of_features:
        longest = told["input"]["longest"]
        widths = network.recipe.widths
        spec = FeatureSpec(recipe.fewer_frames, longest, **widths)
        clip = [1, longest, spec.width]
        unit = rng.uniform(0, 1, clip).astype(np.float32)
        given = seen(tf.constant(unit), tf.constant([longest]), spec)
    else:
        size = recipe.clip.size
        clip = [1, recipe.clip.frames, size, size, 3]
        unit = rng.uniform(0, 1, clip).astype(np.float32)
        given = network.pixels.from_unit(unit)
    with naming(folder / "saved_model.pb", AGAIN, Exception):
        theirs = module(unit, training=False).numpy()
    ours = network(given, training=False).numpy()
    difference = rounding.difference(theirs, ours)
    if not difference <= rounding.told(told):
        raise UserError(
            f"The network read from {folder} gives logits that differ by "
            f"{difference:.2g} of the largest from the module's; nothing was "
            "written."
        )
