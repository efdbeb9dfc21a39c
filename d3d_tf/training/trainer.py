"""Trains one network of a run: strategy, compile, fit, checkpoints, resume."""

import contextlib
import signal
from pathlib import Path

import tensorflow as tf

from d3d_tf.atomic_files import literal, locked, to_path, write_atomically
from d3d_tf.config import Recipe, digest
from d3d_tf.data.damage import naming_damage
from d3d_tf.data.dataset import Dataset
from d3d_tf.data.pipeline import make_dataset
from d3d_tf.disk import naming_refusal
from d3d_tf.errors import UserError
from d3d_tf.garbage import set_aside
from d3d_tf.keras_api import keras
from d3d_tf.layers.dropout import draws_by_step
from d3d_tf.sealed import sealed
from d3d_tf.training.callbacks import (
    Checkpointer,
    Progress,
    StopSignals,
    make_history,
)
from d3d_tf.training.checkpoints import FINISHED, fitting
from d3d_tf.training.going_back import set_damaged_aside
from d3d_tf.training.schedules import make_optimizer


class Stopped(UserError):
    """A signal ended the training after its state was saved."""

    def __init__(self, number: int, checkpoints: Path):
        super().__init__(
            f"Stopped by {signal.Signals(number).name}; saved in {checkpoints}."
            " The same command goes on from there."
        )
        self.exit_code = 128 + number


def train(
    make_trainer,
    dataset: Dataset,
    recipe: Recipe,
    *,
    strategy,
    streams: tuple[str, ...],
    checkpoints: Path,
    tensorboard: Path,
    title: str,
):
    """Returns the network, trained until `recipe.train.steps`.

    Goes on from the last checkpoint that is whole, if there is one.

    Args:
      make_trainer: called in the strategy's scope; returns a `StreamTrainer`
        whose network has its variables.
      dataset: its split `train` is used.
      recipe: `train`, `clip` and `seed` are used.
      strategy: from `make_strategy`.
      streams: inputs that the trainer needs.
      checkpoints: folder of the network's checkpoints.
      tensorboard: folder of the curves.
      title: of the progress bar.

    Raises:
      Stopped: by SIGTERM or SIGINT, after saving.
      UserError: the loss is no number, no checkpoint can be read, or another
        process trains there.
    """
    with (
        literal(checkpoints, make=True) as saved_in,
        literal(tensorboard, make=True) as curves_in,
        locked(
            checkpoints,
            busy=f"Another process trains the network in {checkpoints}: wait "
            "until it ends, or choose another --run_dir.",
        ),
    ):
        return _train(
            make_trainer,
            dataset,
            recipe,
            strategy,
            streams,
            checkpoints,
            saved_in,
            curves_in,
            title,
        )


def _train(
    make_trainer,
    dataset: Dataset,
    recipe: Recipe,
    strategy,
    streams: tuple[str, ...],
    checkpoints: Path,
    saved_in: str,
    curves_in: str,
    title: str,
):
    """`train`, with the two folders by the names that TensorFlow is given."""
    steps = recipe.train.steps
    keras.utils.set_random_seed(recipe.seed)
    if recipe.train.deterministic:
        tf.config.experimental.enable_op_determinism()
    with strategy.scope():
        trainer = make_trainer()
        trainer.compile(
            optimizer=make_optimizer(recipe.train),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="top1")],
        )
        optimizer = trainer.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        # Its slots must exist before a checkpoint is read into them.
        inner.build(trainer.trainable_variables)
        state = tf.train.Checkpoint(
            network=trainer.network, optimizer=optimizer
        )
        set_damaged_aside(checkpoints)
        manager = tf.train.CheckpointManager(state, saved_in, max_to_keep=2)
        if manager.latest_checkpoint:
            with fitting(checkpoints):
                state.restore(manager.latest_checkpoint).assert_consumed()
    start = int(optimizer.iterations.numpy())
    if start < steps:
        data = make_dataset(
            dataset,
            "train",
            recipe.clip,
            batch_size=recipe.train.batch_size,
            training=True,
            streams=streams,
            seed=recipe.seed,
            start_step=start,
        )
        per_epoch = min(recipe.train.checkpoint_every, steps)
        draws = draws_by_step(
            trainer.network, recipe.seed, optimizer.iterations
        )
        with (
            StopSignals() as signals,
            draws,
            naming_refusal(
                checkpoints,
                _bytes_of([*trainer.network.variables, *inner.variables]),
                "a checkpoint",
            ),
            naming_damage(dataset, "train"),
            set_aside(),
            # Before the words of an error.
            contextlib.closing(Progress(title, start, steps)) as progress,
        ):
            trainer.fit(
                data,
                initial_epoch=start // per_epoch,
                epochs=steps,  # Never reached: `Checkpointer` ends it.
                steps_per_epoch=per_epoch,
                verbose=0,
                callbacks=[
                    progress,
                    make_history(to_path(saved_in) / "history.csv", start),
                    keras.callbacks.TensorBoard(curves_in, write_graph=False),
                    Checkpointer(manager, steps, signals),
                ],
            )
        if signals.received:
            raise Stopped(signals.received, checkpoints)
    told = {
        "steps": steps,
        "recipe_hash": digest(recipe),
        "flow_recipe": dataset.info["flow_recipe"],
    }
    write_atomically(checkpoints / FINISHED, sealed(told))
    return trainer.network


def _bytes_of(variables) -> int:
    """Of a checkpoint of them."""
    return sum(v.dtype.size * v.shape.num_elements() for v in variables)
