"""The table of tasks: what a label is, and all that follows from it."""

import functools
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from d3d_tf.evaluation.scores import Scores
    from d3d_tf.tasks.task import Task

# What records are read for, and whose scores a file holds, if none is named.
DEFAULT = "classification"
# Of which videos have several classes.
SEVERAL = "multilabel"
# The same, by YouTube-8M's loss and measures.
YOUTUBE8M = "youtube8m"
# Of who does what where in a keyframe.
DETECTION = "detection"
# The recipe's `task`: the module whose `TASK` it is.
TASKS = {
    DEFAULT: "d3d_tf.tasks.classification",
    SEVERAL: "d3d_tf.tasks.multilabel",
    YOUTUBE8M: "d3d_tf.tasks.youtube8m",
    DETECTION: "d3d_tf.tasks.detection",
}


# In a graph, too: AutoGraph calls what is cached as it is, but would look into
# importlib and warn.
@functools.cache
def task_of(name: str) -> "Task":
    """The task of a recipe."""
    return importlib.import_module(TASKS[name]).TASK


def load_scores(path: Path, sha256: str | None = None) -> "Scores":
    """The scores in a file, of the task that the file names.

    Args:
      path: of a file that `Scores.save` wrote.
      sha256: what `save` returned; None: not known.

    Raises:
      UserError: the file is missing, damaged or not one of scores.
    """
    from d3d_tf.evaluation.scores import load

    return load(path, lambda name: task_of(name or DEFAULT).scores, sha256)
