"""Scores a network while it is trained, on training videos held out of it."""

import csv
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from d3d_tf.config import TrainRecipe
from d3d_tf.damaged import naming
from d3d_tf.keras_api import keras
from d3d_tf.tasks import task_of
from d3d_tf.training.checkpoints import finished_steps, restore, save_finished
from d3d_tf.training.inputs import held_out_inputs, held_out_steps
from d3d_tf.training.workers import distributed, read_part

if TYPE_CHECKING:
    from d3d_tf.training.trainer import Training

# Below the checkpoints of the training.
_BEST = "best"
# Of it, less is better.
_LOSS = "loss"


class Validation(keras.callbacks.Callback):
    """At each checkpoint adds `val_loss` and the like to the epoch's logs.

    With `train.average` it is the average that is scored, and kept.

    Args:
      data: the videos held out, once.
      checkpoints: folder of these; the best network is in its `best`.
      train: of the recipe; `keep_best`, `patience` and `average` are used.
      history: history.csv, as far as it goes.
      measure: what tells networks apart; more is better, but of `loss`.
      steps: in which several workers score these; None: to their end.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(
        self,
        data,
        checkpoints: Path,
        train: TrainRecipe,
        history: Path,
        measure: str = _LOSS,
        steps: int | None = None,
    ):
        super().__init__()
        self._measure = measure
        self._data, self._steps = data, steps
        self._best = checkpoints / _BEST
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
        found = self.model.evaluate(
            self._data, steps=self._steps, verbose=0, return_dict=True
        )
        logs |= {f"val_{name}": value for name, value in found.items()}
        self._seen.append(_goodness(float(found[self._measure]), self._measure))
        is_best = all(value < self._seen[-1] for value in self._seen[:-1])
        if self._train.keep_best and is_best:
            network = self.model.network
            save_finished(network, self._best, {"steps": step}, steps=step)
        if self._train.average:
            for variable, value in zip(trained, before, strict=True):
                variable.assign(value)
        if self.is_over:
            self.model.stop_training = True


def make_validation(training: "Training", history: Path) -> Validation | None:
    """Of the videos that a training's data set holds out; None: of none.

    Args:
      training: whose recipe says how they are used.
      history: history.csv, as far as it goes.
    """
    if not training.dataset.held_out:
        return None
    task = task_of(training.recipe.task)
    curves = [metric.name for metric in task.metrics()]
    measures = [name for name in curves if name in task.scores.measures]
    return Validation(
        distributed(partial(held_out_inputs, training)),
        training.checkpoints,
        training.recipe.train,
        history,
        measures[0] if measures else _LOSS,
        held_out_steps(training, read_part()),
    )


def take_best(network, checkpoints: Path) -> int | None:
    """Gives a network the values of the best one; returns its step.

    Args:
      network: that was trained.
      checkpoints: their folder.

    Raises:
      UserError: the best one cannot be read.
    """
    restore(network, checkpoints / _BEST)
    return finished_steps(checkpoints / _BEST)


def _goodness(value: float, measure: str) -> float:
    """More is better; NaN is worse than anything."""
    if math.isnan(value):
        return -math.inf
    return -value if measure == _LOSS else value


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
