"""What several modes share: their folders, a dry run, the run they are about.

Nothing heavy is imported here, so that a wrong flag is answered at once.
"""

import contextlib
import dataclasses
import os
from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import is_remote, to_path
from d3d_tf.config import Recipe
from d3d_tf.disk import require_folder
from d3d_tf.errors import UsageError
from d3d_tf.locks import locked
from d3d_tf.recipes import RECIPES
from d3d_tf.runs.folder import Run
from d3d_tf.runs.opening import newest_run, open_run
from d3d_tf.screen import say
from d3d_tf.tasks import DETECTION


def named_recipe(name: str, settings: list[str]) -> Recipe:
    """The recipe of that name, or of a .yaml file, with `key=value` settings.

    Raises:
      UsageError: there is none, or a setting is wrong.
    """
    if name.endswith((".yaml", ".yml")):
        return config.override(config.load(name), settings)
    if name not in RECIPES:
        raise UsageError(
            f"No recipe is called {name!r}; valid: {', '.join(RECIPES)}, or "
            "the path of a .yaml file."
        )
    return config.override(RECIPES[name], settings)


def require_sources(
    mode: str, recipe: Recipe, data: str | None, records_dir: str
) -> None:
    """Refuses a recipe without videos, or a folder of records that is a file.

    Raises:
      UsageError: with what the mode needs.
    """
    if recipe.toy is None and not data:
        raise UsageError(
            f"The recipe {recipe.name!r} needs --data=FOLDER with one "
            "sub-folder of videos per class."
        )
    if recipe.task == DETECTION and mode not in ("prepare", "train"):
        raise UsageError(
            f"--mode={mode} knows no task=detection. A detector is trained "
            "with --mode=train --init=RUN, where RUN may be a distilled "
            "student."
        )
    if recipe.records == "features" and mode != "prepare":
        raise UsageError(
            f"--mode={mode} makes no features: make them with --mode=prepare "
            "first, and name their folder with --data and task=youtube8m."
        )
    if recipe.of_features and mode == "expand":
        raise UsageError(
            f"--mode=expand knows no task={recipe.task}: networks of features "
            "have no clips that could grow."
        )
    unchanged = config.FinetuneRecipe()
    if recipe.task == DETECTION:  # Whose --init it is about, too.
        start = recipe.finetune.start
        unchanged = dataclasses.replace(unchanged, start=start)
    if mode != "finetune" and recipe.finetune != unchanged:
        raise UsageError(
            f"finetune.* has no effect with --mode={mode}; leave it alone."
        )
    # Records that are there are read, and may belong to others.
    if not is_remote(records_dir):
        require_folder("--records_dir", records_dir, os.R_OK)


def run_folder(recipe: Recipe, run_dir: str | None) -> Path:
    """The folder that a training writes, before hours of preparation.

    Raises:
      UsageError: it cannot be written.
    """
    folder = to_path(run_dir or f"runs/{recipe.name}")
    if not is_remote(folder):
        require_folder("--run_dir", folder, os.W_OK)
    return folder


def alone_in(
    folder: Path, remedy: str = "choose another --run_dir"
) -> contextlib.AbstractContextManager[None]:
    """While entered, no other process does so: its work would be mixed up.

    Args:
      folder: that is written; see `locked`.
      remedy: what may be done instead of waiting.

    Raises:
      UserError: another process is in there.
    """
    return locked(
        folder,
        busy=f"Another process works in {folder}: wait until it ends, or "
        f"{remedy}.",
    )


def show_recipe(recipe: Recipe) -> None:
    """Prints the full recipe, as `recipe.yaml` will have it."""
    import yaml

    print(yaml.safe_dump(config.to_dict(recipe), sort_keys=False))


def show_plan(mode: str, recipe: Recipe, data: str | None, target) -> None:
    """Prints what a dry run shows: the recipe, and what would be done."""
    show_recipe(recipe)
    say(f"would {mode} {data or 'the toy videos'} into {target}")


def chosen_run(checkpoint: str | None, run_dir: str | None) -> Run:
    """The run that is named, or else the newest in runs/.

    Raises:
      UsageError: it is not a run, or there is none.
    """
    given = checkpoint or run_dir
    return open_run(given) if given else newest_run()


def require_classifier(mode: str, run: Run) -> None:
    """Refuses a run whose networks do not classify clips of videos.

    Raises:
      UsageError: they are asked about boxes, or look at features of frames.
    """
    recipe = run.recipe()
    if recipe.of_features:
        raise UsageError(
            f"--mode={mode} looks at pictures, and the networks in "
            f"{run.folder} look at features of frames."
        )
    if recipe.task == DETECTION:
        raise UsageError(
            f"--mode={mode} does not know detectors yet, as in {run.folder}; "
            "its detections are in scores/*.csv."
        )


def changed_recipe(
    run: Run, mode: str, section: str, settings: list[str]
) -> Recipe:
    """The run's recipe with settings, all of which are of one section.

    Args:
      run: whose recipe it is.
      mode: for the message.
      section: of the recipe, such as `export`.
      settings: `key=value`.

    Raises:
      UsageError: a setting is of another section.
    """
    recipe = config.override(run.recipe(), settings)
    own = {section: getattr(run.recipe(), section)}
    rest = dataclasses.replace(recipe, **own)
    others = [
        key
        for key, *_ in config.differences(
            config.to_dict(run.recipe()), config.to_dict(rest)
        )
    ]
    if others:
        names = ", ".join(f"{section}.{leaf}" for leaf in vars(own[section]))
        raise UsageError(
            f"--mode={mode} cannot change {', '.join(others)} of a finished "
            f"run; --set takes {names} there."
        )
    return recipe
