"""What a step needs of memory, and what to do when there is less."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.data.parts import WHOLE
from d3d_tf.distill.train_step import StreamTrainer
from d3d_tf.errors import UserError
from d3d_tf.screen import say
from d3d_tf.training.inputs import training_inputs
from d3d_tf.training.step_memory import (
    StepMemory,
    available_memory,
    step_memory,
)

if TYPE_CHECKING:
    from d3d_tf.training.trainer import Training

# Steps took up to 1.73 times what is computed; see docs/networks.md.
MARGIN = 1.75
RECOMPUTE = (
    "--set network.recompute=true needs less for each, where the network has it"
)


@contextlib.contextmanager
def minding_memory(
    trainer: StreamTrainer, training: "Training"
) -> Iterator[None]:
    """`naming_shortage` of a training; with `train.memory_estimate` it also
    says before what a step needs.
    """
    train, strategy = training.recipe.train, trainer.distribute_strategy
    memory = functools.partial(memory_of, trainer, training)
    if train.memory_estimate:
        say(in_words(train, strategy, memory()))
    with naming_shortage(train, strategy, memory):
        yield


def clips_at_a_time(train: TrainRecipe, strategy) -> int:
    """Of a step, those that one device computes together."""
    return train.batch_size // strategy.num_replicas_in_sync // train.accumulate


def memory_of(trainer: StreamTrainer, training: "Training") -> StepMemory:
    """What a device needs for a step of a training, see `step_memory`."""
    clips = clips_at_a_time(training.recipe.train, trainer.distribute_strategy)
    specs = training_inputs(training, 0, WHOLE).element_spec
    return step_memory(trainer, specs, clips)


def in_words(train: TrainRecipe, strategy, memory: StepMemory) -> str:
    """What a step needs, what there is, and how less would do if it must."""
    clips, available = clips_at_a_time(train, strategy), available_memory()
    words = (
        f"A step needs {_mib(memory.of(clips))} or more on each device, for "
        f"{clips} clips at a time ({_mib(memory.moving // memory.clips)} for "
        f"each); {_mib(available)} are there."
    )
    if clips <= memory.most(int(available / MARGIN)):
        return words
    words += " That may not be enough."
    if fewer := fitting_parts(train, strategy, memory):
        words += (
            f" With --set train.accumulate={fewer} it is "
            f"{_mib(memory.of(clips * train.accumulate // fewer))};"
        )
    return f"{words} {RECOMPUTE}."


@contextlib.contextmanager
def naming_shortage(
    train: TrainRecipe, strategy, memory: Callable[[], StepMemory]
) -> Iterator[None]:
    """While entered, a want of memory is answered with what needs less.

    Args:
      train: of the recipe.
      strategy: whose devices share out a batch.
      memory: computes what a step needs.

    Raises:
      UserError: there was not enough.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "OOM" not in str(error):
            raise
        clips = clips_at_a_time(train, strategy)
        words = (
            f"A step does not fit into memory: {clips} clips of "
            f"train.batch_size={train.batch_size} are on a device at a time."
        )
        if clips > 1 and (fewer := fitting_parts(train, strategy, memory())):
            words += (
                f" With --set train.accumulate={fewer} it is "
                f"{clips * train.accumulate // fewer}, in steps of the same "
                "size (batch normalisation follows these);"
            )
        raise UserError(
            f"{words} {RECOMPUTE}. A run of other settings needs another "
            "--run_dir."
        ) from error


def fitting_parts(
    train: TrainRecipe, strategy, memory: StepMemory
) -> int | None:
    """More parts than now, in which a step fits; if in none, the next number.

    None: a device computes one clip at a time already.
    """
    share = clips_at_a_time(train, strategy) * train.accumulate
    more = [n for n in range(train.accumulate + 1, share + 1) if share % n == 0]
    most = memory.most(int(available_memory() / MARGIN))
    fitting = [n for n in more if share // n <= most]
    return next(iter(fitting or more), None)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
