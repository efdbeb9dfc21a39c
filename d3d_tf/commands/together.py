"""A mode that several workers run together, one process each.

All of them do the same. The chief works in the run folder; each of the others
in a copy of its own, as it is at the start, which is removed at the end.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from d3d_tf import __version__, config
from d3d_tf.atomic_files import require_local
from d3d_tf.commands.common import chosen_run
from d3d_tf.errors import UsageError, UserError
from d3d_tf.garbage import leave_the_rest
from d3d_tf.leftovers import sweep, temporary_name
from d3d_tf.runs.folder import Run

MODES = ("train", "distill", "finetune", "evaluate")
# Read where they are; what is written beside them is new files.
_LARGE = re.compile(r"\.(data-\d+-of-\d+|index)$")
_NOT_READ = shutil.ignore_patterns("export", "tensorboard", "*.html", ".*")


def run_mode(mode: str, work: Callable[..., None], arguments: dict) -> None:
    """Does a mode's work, with the other workers where there are some.

    Args:
      mode: its name.
      work: what it does.
      arguments: of `work`.

    Raises:
      UserError: as `work`; another worker ended, or was started otherwise.
      UsageError: what names the workers makes no sense.
    """
    cluster = _cluster(mode, arguments)
    workers = None
    if cluster:
        from d3d_tf.training.meeting import start

        workers = start(cluster)
    if workers is None:
        leave_the_rest()
        return work(**arguments)
    # TensorFlow waits for more after the first SIGTERM.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with _speaking_for(workers), _own_folder(workers, arguments) as own:
        workers.require_same(_facts(mode, own))
        work(**own)
        workers.wait()


def _cluster(mode: str, arguments: dict) -> str | None:
    """What names the workers of a mode; None: it runs alone."""
    single = mode != "evaluate" or not (
        arguments["detections"] or len(arguments["checkpoint"]) > 1
    )
    if mode not in MODES or arguments.get("dry_run") or not single:
        return None
    recipe = arguments.get("recipe")
    if recipe is None and "SLURM_PROCID" in os.environ:
        recipe = _named_run(arguments).recipe()
    if recipe and recipe.train.strategy == "slurm":
        return "slurm"
    if not os.environ.get("TF_CONFIG"):
        return None
    try:
        json.loads(os.environ["TF_CONFIG"])["cluster"]
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            "The variable TF_CONFIG must be JSON with `cluster` and `task`, as "
            f"docs/clusters.md has it: {error}. Unset it to work on one "
            "machine."
        ) from error
    return "auto"


def _named_run(arguments: dict) -> Run:
    named = next(iter(arguments["checkpoint"]), None)
    return chosen_run(named, arguments["run_dir"])


def _facts(mode: str, arguments: dict) -> dict[str, Any]:
    """What must be the same of all workers, by what it is called."""
    import tensorflow as tf

    recipe = arguments.get("recipe")
    return {
        "--mode": mode,
        "version": f"{__version__} of d3d_tf, {tf.__version__} of TensorFlow",
        "the recipe (digest)": recipe and config.digest(recipe),
        "devices": len(tf.config.list_logical_devices("GPU")) or 1,
    }


@contextlib.contextmanager
def _own_folder(workers, arguments: dict) -> Iterator[dict]:
    """The arguments with the folder in which this worker writes.

    Yields when no worker has changed anything yet; the first that all do
    together must be to wait for each other.
    """
    if "recipe" in arguments:
        given = arguments["run_dir"] or f"runs/{arguments['recipe'].name}"
        folder = require_local(given, "The run folder of several workers")
    else:
        folder = _named_run(arguments).folder
    if workers.is_chief:
        yield arguments
        return
    with _temporary_folder() as place:
        copy = Path(place, folder.name)
        if folder.exists():
            shutil.copytree(
                folder, copy, ignore=_NOT_READ, copy_function=_linked
            )
        own: dict[str, Any] = {"run_dir": str(copy)}
        if "checkpoint" in arguments and "recipe" not in arguments:
            own = {"checkpoint": [str(copy)], "run_dir": None}
        if arguments.get("out"):
            own["out"] = str(Path(place, Path(arguments["out"]).name))
        # The chief says it.
        with (
            open(os.devnull, "w") as nowhere,
            contextlib.redirect_stdout(nowhere),
            _naming(folder, copy),
        ):
            yield arguments | own


@contextlib.contextmanager
def _temporary_folder() -> Iterator[str]:
    """Removed at the end; after a kill, when the next worker makes one."""
    parent, stem = tempfile.gettempdir(), "d3d_tf-worker-"
    sweep(Path(parent), stem)
    place = os.path.join(parent, temporary_name(stem))
    os.mkdir(place, mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _linked(source: str, target: str) -> None:
    if _LARGE.search(source):
        os.symlink(os.path.realpath(source), target)
    else:
        shutil.copy2(source, target)


@contextlib.contextmanager
def _naming(folder: Path, copy: Path) -> Iterator[None]:
    """What is said of the copy is meant of the folder."""
    try:
        yield
    except UserError as error:
        error.args = (str(error).replace(str(copy), str(folder)),)
        raise


@contextlib.contextmanager
def _speaking_for(workers) -> Iterator[None]:
    """Errors say which worker met them.

    Raises:
      UserError: also for what TensorFlow says when another one is gone.
    """
    from d3d_tf.training.workers import naming_the_lost

    if not workers.is_chief:
        os.environ["TQDM_DISABLE"] = "1"
    try:
        with naming_the_lost(workers):
            yield
    except UserError as error:
        error.args = (f"{workers.title}: {error}",)
        # Pools of TensorFlow's complain when the process ends so.
        sys.unraisablehook = lambda _: None
        raise
