"""Scores a network while it is trained, on training videos held out of it."""

import csv
import math
from pathlib import Path

import tensorflow as tf

from d3d_tf.config import TrainRecipe
from d3d_tf.damaged import naming
from d3d_tf.keras_api import keras

# Below the checkpoints of the training.
BEST = "best"
LOSS = "loss"


class Validation(keras.callbacks.Callback):
    """At each checkpoint adds `val_loss` and the like to the epoch's logs.

    With `train.average` it is the average that is scored, and kept.

    Args:
      data: the videos held out, once.
      folder: of the checkpoints, as TensorFlow must spell it; the best network
        is in its `best`.
      train: of the recipe; `keep_best`, `patience` and `average` are used.
      history: history.csv, as far as it goes.
      measure: what tells networks apart; more is better, but of `loss`.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(
        self,
        data,
        folder: str,
        train: TrainRecipe,
        history: Path,
        measure: str = LOSS,
    ):
        super().__init__()
        self._measure = measure
        self._data = data
        self._folder = f"{folder}/{BEST}"
        self._train = train
        self._seen = _read(history, measure)

    @property
    def is_over(self) -> bool:
        """Whether as many checkpoints as `patience` were no better."""
        patience = self._train.patience
        if not patience or not self._seen:
            return False
        best = max(self._seen)
        return len(self._seen) - 1 - self._seen.index(best) >= patience

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.optimizer.iterations.numpy())
        whole = step % self._train.checkpoint_every == 0
        if not whole and step < self._train.steps:
            # A stop, after which the step goes on to the next checkpoint.
            logs |= {f"val_{name}": math.nan for name in [*logs]}
            return
        trained = self.model.trainable_variables
        if self._train.average:
            before = [variable.numpy() for variable in trained]
            self.model.take_average()
        found = self.model.evaluate(self._data, verbose=0, return_dict=True)
        logs |= {f"val_{name}": value for name, value in found.items()}
        self._seen.append(_goodness(float(found[self._measure]), self._measure))
        if self._train.keep_best and self._seen.index(max(self._seen)) == (
            len(self._seen) - 1
        ):
            self._save(step)
        if self._train.average:
            for variable, value in zip(trained, before, strict=True):
                variable.assign(value)
        if self.is_over:
            self.model.stop_training = True

    def _save(self, step: int) -> None:
        state = tf.train.Checkpoint(network=self.model.network)
        manager = tf.train.CheckpointManager(state, self._folder, max_to_keep=1)
        manager.save(checkpoint_number=step)


def take_best(network, folder: str) -> int:
    """Gives a network the values of the best one; returns its step.

    Args:
      network: that was trained.
      folder: of the checkpoints, as TensorFlow must spell it.
    """
    path = tf.train.latest_checkpoint(f"{folder}/{BEST}")
    state = tf.train.Checkpoint(network=network)
    state.restore(path).assert_existing_objects_matched().expect_partial()
    return int(path.rpartition("-")[2])


def _goodness(value: float, measure: str) -> float:
    """More is better; NaN is worse than anything."""
    if math.isnan(value):
        return -math.inf
    return -value if measure == LOSS else value


def _read(history: Path, measure: str) -> list[float]:
    """Of the checkpoints of a training that goes on."""
    if not history.exists():
        return []
    remedy = "move it away: the choice of the best begins anew"
    with naming(history, remedy, LookupError, TypeError):
        rows = csv.DictReader(history.read_text().splitlines())
        return [
            _goodness(float(row[f"val_{measure}"]), measure)
            for row in rows
            # Else it was stopped there, between two checkpoints.
            if not math.isnan(float(row["val_loss"]))
        ]
