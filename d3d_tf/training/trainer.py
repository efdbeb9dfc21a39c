"""Trains one network of a run: strategy, compile, fit, checkpoints, resume."""

import contextlib
import dataclasses
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import tensorflow as tf

from d3d_tf.atomic_files import literal, to_path, write_atomically
from d3d_tf.config import Recipe, anywhere, digest
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import HELD_OUT, Dataset
from d3d_tf.data.teacher_logits import TeacherLogits
from d3d_tf.disk import naming_refusal
from d3d_tf.distill.train_step import inner_optimizer
from d3d_tf.errors import UserError
from d3d_tf.garbage import set_aside
from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import draws_by_step
from d3d_tf.locks import locked
from d3d_tf.screen import say
from d3d_tf.sealed import sealed
from d3d_tf.tasks import task_of
from d3d_tf.training.callbacks import (
    Checkpointer,
    Progress,
    Speed,
    StopSignals,
    make_history,
)
from d3d_tf.training.checkpoints import (
    FINISHED,
    fitting,
    is_finished,
    read_finished,
    save_finished,
)
from d3d_tf.training.epochs import epochs
from d3d_tf.training.going_back import set_damaged_aside
from d3d_tf.training.input_service import attended
from d3d_tf.training.inputs import training_inputs
from d3d_tf.training.memory import minding_memory
from d3d_tf.training.precise_batch_norm import settle_on_records
from d3d_tf.training.schedules import make_optimizer
from d3d_tf.training.validation import make_validation, take_best
from d3d_tf.training.workers import distributed


class Stopped(UserError):
    """A signal ended the training after its state was saved."""

    def __init__(self, number: int, checkpoints: Path):
        super().__init__(
            f"Stopped by {signal.Signals(number).name}; saved in {checkpoints}."
            " The same command goes on from there."
        )
        self.exit_code = 128 + number


@dataclasses.dataclass(frozen=True)
class Training:
    """What one network is trained on, and where that is kept.

    Attributes:
      recipe: `train`, `clip` and `seed` are used.
      dataset: its split `train` is used.
      streams: inputs that the trainer needs.
      checkpoints: folder of the network's checkpoints.
      tensorboard: folder of the curves.
      title: of the progress bar.
      teacher_logits: kept ones, an input of the trainer; None: no such input.
      beside: where the networks that are trained beside it are kept at the end.
      sampling: of videos of features, the frames that the network sees.
    """

    recipe: Recipe
    dataset: Dataset
    streams: tuple[str, ...]
    checkpoints: Path
    tensorboard: Path
    title: str
    teacher_logits: TeacherLogits | None = None
    beside: tuple[Path, ...] = ()
    sampling: FrameSamplingRecipe = FrameSamplingRecipe()


def train(make_trainer, strategy, training: Training):
    """Returns the network, trained until `recipe.train.steps`.

    Goes on from the last checkpoint that is whole, if there is one.

    Args:
      make_trainer: called in the strategy's scope; returns a `StreamTrainer`
        whose network has its variables.
      strategy: from `make_strategy`.
      training: the data, the recipe and the folders.

    Raises:
      Stopped: by SIGTERM or SIGINT, after saving.
      UserError: the loss is not a number, no checkpoint can be read, or another
        process trains there.
    """
    recipe, checkpoints = training.recipe, training.checkpoints
    with (
        literal(checkpoints, make=True) as saved_in,
        literal(training.tensorboard, make=True) as curves_in,
        locked(
            checkpoints,
            busy=f"Another process trains the network in {checkpoints}: wait "
            "until it ends, or choose another --run_dir.",
        ),
    ):
        keras.utils.set_random_seed(recipe.seed)
        if recipe.train.deterministic:
            tf.config.experimental.enable_op_determinism()
        with strategy.scope():
            trainer = make_trainer()
            trainer.passes = recipe.train.accumulate
            manager = _restored(trainer, training, saved_in)
        train = anywhere(recipe.train)
        done = digest(dataclasses.replace(recipe, train=train))
        if not _is_done(checkpoints, done):
            _fit(trainer, manager, training, curves_in)
            _settle(trainer, manager, strategy, training)
        steps = int(trainer.optimizer.iterations.numpy())
        finished = {
            "steps": steps,
            "recipe_hash": done,
            "flow_recipe": training.dataset.info["flow_recipe"],
        }
        _, *others = trainer.trained()
        for other, folder in zip(others, training.beside, strict=True):
            save_finished(other, folder, finished, steps=steps)
        write_atomically(checkpoints / FINISHED, sealed(finished))
        return trainer.network


def _restored(
    trainer, training: Training, saved_in: str
) -> tf.train.CheckpointManager:
    """Compiles the trainer and reads its newest whole checkpoint.

    Args:
      trainer: of the network.
      training: see `train`.
      saved_in: the folder of the checkpoints, as TensorFlow must spell it.

    Returns:
      What saves network and optimizer.
    """
    task = task_of(training.recipe.task)
    trainer.compile(
        optimizer=make_optimizer(training.recipe.train),
        loss=task.loss(**_loss_options(training.recipe)),
        metrics=task.metrics(),
        steps_per_execution=training.recipe.train.steps_per_execution,
    )
    # Its slots must exist before a checkpoint is read into them.
    inner_optimizer(trainer.optimizer).build(trainer.trainable_variables)
    state = tf.train.Checkpoint(
        network=trainer.network,
        optimizer=trainer.optimizer,
        **trainer.beside(),
    )
    set_damaged_aside(training.checkpoints)
    manager = tf.train.CheckpointManager(state, saved_in, max_to_keep=2)
    if manager.latest_checkpoint:
        with fitting(training.checkpoints):
            state.restore(manager.latest_checkpoint).assert_consumed()
    return manager


def _is_done(checkpoints: Path, recipe_hash: str) -> bool:
    """Whether a training by this recipe reached its end, maybe an early one."""
    if not is_finished(checkpoints):
        return False
    return read_finished(checkpoints).get("recipe_hash") == recipe_hash


def _settle(
    trainer, manager: tf.train.CheckpointManager, strategy, training: Training
) -> None:
    """What comes after the last step; done again, it gives the same."""
    recipe = training.recipe
    if recipe.train.keep_best:
        step = take_best(trainer.network, training.checkpoints)
        say(f"The network is that of step {step}, the best on held-out videos.")
    elif recipe.train.average:
        trainer.take_average()
    if recipe.evaluation.precise_batch_norm:
        settle_on_records(
            trainer.network,
            strategy,
            recipe,
            training.dataset,
            trainer.input_key,
        )
    if (
        recipe.train.average
        or recipe.train.keep_best
        or recipe.evaluation.precise_batch_norm
    ):
        steps = int(trainer.optimizer.iterations.numpy())
        manager.save(checkpoint_number=steps)


def _loss_options(recipe: Recipe) -> dict[str, float]:
    """What a task's loss is told of the recipe."""
    return {"epsilon": recipe.train.log_epsilon} if recipe.of_features else {}


def _fit(
    trainer,
    manager: tf.train.CheckpointManager,
    training: Training,
    curves_in: str,
) -> None:
    """Fits from the trainer's step to the last, and saves.

    The last is the recipe's, or an earlier one that `train.patience` says.

    Raises:
      Stopped: by a signal.
    """
    recipe, optimizer = training.recipe, trainer.optimizer
    steps, start = recipe.train.steps, int(optimizer.iterations.numpy())
    clips, size = recipe.train.batch_size, _bytes_of(trainer)
    history = to_path(manager.directory) / "history.csv"
    logger = make_history(history, start)
    validation = make_validation(training, history)
    with (
        StopSignals() as signals,
        contextlib.ExitStack() as entered,
        naming_refusal(training.checkpoints, size, "a checkpoint"),
        naming_damage(training.dataset, "train"),
        minding_memory(trainer, training),
        set_aside(),
        _drawing_by_step(trainer, recipe.seed),
        attended(recipe.data.service) as attendants,
        # Before the words of an error.
        contextlib.closing(
            Progress(training.title, start, steps, clips)
        ) as progress,
    ):
        if validation:
            entered.enter_context(naming_damage(training.dataset, HELD_OUT))
        callbacks = [
            # First: the others show what it finds.
            *([validation] if validation else []),
            progress,
            logger,
            Speed(clips),
            *attendants,
            keras.callbacks.TensorBoard(curves_in, write_graph=False),
            Checkpointer(manager, steps, signals),
        ]
        while start < steps and not (
            signals.received or (validation and validation.is_over)
        ):
            trainer.fit(
                distributed(partial(training_inputs, training, start)),
                **epochs(start, recipe.train),
                verbose=0,
                callbacks=callbacks,
            )
            if recipe.train.average:
                # Keras ends a `fit` with the average; it was saved without.
                manager.restore_or_initialize()
            start = int(optimizer.iterations.numpy())
    if signals.received:
        raise Stopped(signals.received, training.checkpoints)


@contextlib.contextmanager
def _drawing_by_step(trainer, seed: int) -> Iterator[None]:
    """While entered, all networks draw as seed and step say."""
    with contextlib.ExitStack() as entered:
        for network in trainer.trained():
            step = trainer.optimizer.iterations
            entered.enter_context(draws_by_step(network, seed, step))
        yield


def _bytes_of(trainer) -> int:
    """Of a checkpoint."""
    variables = [
        *trainer.network.variables,
        *inner_optimizer(trainer.optimizer).variables,
    ]
    return sum(v.dtype.size * v.shape.num_elements() for v in variables)
