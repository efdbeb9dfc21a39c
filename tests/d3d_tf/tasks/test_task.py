"""The table, and what each entry answers."""

import dataclasses

import pytest

from d3d_tf.config import Recipe
from d3d_tf.errors import UsageError
from d3d_tf.tasks import TASKS, task_of
from d3d_tf.tasks.task import Task


def test_recipes_take_the_tasks_that_exist():
    assert Recipe(name="x").task == "classification"
    assert [Recipe(name="x", task=name).task for name in TASKS] == [*TASKS]
    with pytest.raises(UsageError, match="task must be classification; got"):
        Recipe(name="x", task="captions")


@pytest.mark.parametrize("name", TASKS)
def test_every_task_answers_all(name):
    task = task_of(name)
    assert isinstance(task, Task)
    for field in dataclasses.fields(Task):
        assert callable(getattr(task, field.name))
