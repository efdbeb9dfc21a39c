"""The table of tasks: what a label is, and all that follows from it."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from d3d_tf.tasks.task import Task

# The recipe's `task`: the module whose `TASK` it is.
TASKS = {"classification": "d3d_tf.tasks.classification"}


def task_of(name: str) -> "Task":
    """The task of a recipe."""
    return importlib.import_module(TASKS[name]).TASK
