"""Progress, checkpoints and a clean stop, as Keras callbacks."""

import csv
import math
import signal
import time
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from d3d_tf.atomic_files import write_atomically
from d3d_tf.damaged import naming
from d3d_tf.distill.train_step import inner_optimizer
from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.training.workers import started

CHECK_EVERY = 20
_REMEDY = (
    "Lower train.learning_rate, or use float32 if mixed precision is on. The "
    "last checkpoint before it is kept."
)


class StopSignals:
    """While entered, SIGTERM and SIGINT (Ctrl-C) are only noted.

    Attributes:
      received: number of the first one, or None; of several workers, when they
        have agreed on it.
    """

    def __init__(self):
        self.received: int | None = None
        self._own = 0
        self._workers = started()

    def agreed(self, last: int, step: int) -> int | None:
        """The signal by which the training ends after this step.

        Several workers end after the same step: every so many steps they ask
        one another.

        Args:
          last: the step after which it was asked before.
          step: that is done.
        """
        if self._workers and _is_due(last, step):
            found = self._workers.gather(str(self._own).encode())
            self.received = max(map(int, found)) or None
        return self.received

    def __enter__(self):
        def note(number, _):
            self._own = self._own or number
            if self._workers is None:
                self.received = self._own

        self._before = {
            number: signal.signal(number, note)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)


class Checkpointer(keras.callbacks.Callback):
    """Saves at the end of every epoch; ends the training in time.

    After a stop signal (from a scheduler, or Ctrl-C) the current step is
    finished and saved. Weights that are not finite are not saved.

    Args:
      manager: a `tf.train.CheckpointManager` of network and optimizer.
      steps: the training ends when the optimizer has made this many.
      signals: an entered `StopSignals`.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(self, manager, steps: int, signals: StopSignals):
        super().__init__()
        self._manager = manager
        self._step = self._before = 0
        self._steps = steps
        self._signals = signals

    def on_train_begin(self, logs=None):
        # Counted here from now on: to ask would be to wait for the device.
        self._step = int(self.model.optimizer.iterations.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        self._before = self._step

    def on_train_batch_end(self, batch, logs=None):
        last, self._step = self._step, self._before + batch + 1
        agreed = self._signals.agreed(last, self._step)
        if agreed or self._step >= self._steps:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        require_finite(float(logs["loss"]), self._step)
        _require_finite_weights(self.model, self._step)
        self._manager.save(checkpoint_number=self._step)


def _is_due(last: int, step: int) -> bool:
    """Whether it is time to look: a step may be the last of several."""
    return step // CHECK_EVERY > last // CHECK_EVERY


def require_finite(loss: float, step: int) -> None:
    """Raises UserError, with the remedy, if the loss is not finite."""
    if not math.isfinite(loss):
        raise UserError(f"The loss is {loss} at step {step}. {_REMEDY}")


def _require_finite_weights(model, step: int) -> None:
    """Checks the weights: a step's loss is older than its update."""
    optimizer = model.optimizer
    inner = inner_optimizer(optimizer)
    trained: list = getattr(model, "trained", list)()
    beside = [v for network in trained[1:] for v in network.variables]
    finite = [
        tf.reduce_all(tf.math.is_finite(variable))
        for variable in [*model.variables, *beside, *inner.variables]
        if variable.dtype.is_floating
    ]
    if not tf.reduce_all(finite):
        raise UserError(
            f"The update of step {step} made weights that are not "
            f"finite. {_REMEDY}"
        )


class Lap:
    """How quick some steps were.

    Args:
      clips: of a step, of all devices.
    """

    def __init__(self, clips: int):
        self._clips = clips

    def begin(self, model, step: int) -> None:
        """Before the step after this one, of a `WaitsForData`."""
        self._start = (step, time.perf_counter(), _waited(model))

    def end(
        self, model, step: int, now: float | None = None
    ) -> tuple[float, float]:
        """Clips per second since, and the share that steps waited for data.

        Args:
          model: that has trained, as in `begin`.
          step: the last one.
          now: when it was done (`time.perf_counter`); None: now.
        """
        first, begin, waited = self._start
        seconds = (now or time.perf_counter()) - begin
        share = (_waited(model) - waited) / seconds
        return (step - first) * self._clips / seconds, share


def _waited(model) -> float:
    return getattr(model, "waited", 0.0)


class Speed(keras.callbacks.Callback):
    """Adds `clips_per_second` and `waiting_for_data` to an epoch's logs.

    The second is a share of the time. What callbacks do at an epoch's end is
    not counted. For callbacks that come after it.

    Args:
      clips: of a step, of all devices.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(self, clips: int):
        super().__init__()
        self._lap = Lap(clips)

    def on_epoch_begin(self, epoch, logs=None):
        self._lap.begin(self.model, 0)

    def on_train_batch_end(self, batch, logs=None):
        self._steps, self._now = batch + 1, time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        speed, waiting = self._lap.end(self.model, self._steps, self._now)
        logs |= {"clips_per_second": speed, "waiting_for_data": waiting}


class Progress(keras.callbacks.Callback):
    """A bar with the loss and the time left; stops if the loss is not finite.

    Beside them clips per second, and the share of the time in which steps
    waited for data. It also adds `step` to the epoch's logs.

    Args:
      title: of the bar.
      start, steps: first and last step of the training.
      clips: of a step, of all devices.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(self, title: str, start: int, steps: int, clips: int = 1):
        super().__init__()
        self._bar = tqdm(
            total=steps,
            initial=start,
            desc=title,
            unit="step",
            mininterval=1,
        )
        self._step = self._before = start
        self._lap = Lap(clips)

    def on_epoch_begin(self, epoch, logs=None):
        self._before = self._step
        self._lap.begin(self.model, self._step)

    def on_train_batch_end(self, batch, logs=None):
        last, self._step = self._step, self._before + batch + 1
        self._bar.update(self._step - last)
        if _is_due(last, self._step):
            loss = float(logs["loss"])
            require_finite(loss, self._step)
            speed, waiting = self._lap.end(self.model, self._step)
            self._bar.set_postfix_str(
                f"loss={loss:.3f}, {speed:.3g} clips/s, {waiting:.0%} waiting "
                "for data",
                refresh=False,
            )
            self._lap.begin(self.model, self._step)

    def on_epoch_end(self, epoch, logs=None):
        logs["step"] = self._step

    def close(self):
        """Ends the bar's line, so that the next message has its own."""
        self._bar.close()


def make_history(path: Path, start: int):
    """A CSVLogger that keeps the rows up to step `start` and continues.

    An epoch's row is written before its checkpoint; rows whose checkpoint a
    kill prevented are removed, because they come again.

    Raises:
      UserError: they cannot be read.
    """
    if start and path.exists():
        remedy = "move it away: the training goes on, with curves from there on"
        with naming(path, remedy, LookupError, TypeError):
            lines = path.read_text().splitlines(keepends=True)
            kept = lines[:1]
            for line, row in zip(lines[1:], csv.DictReader(lines), strict=True):
                if line.endswith("\n") and int(row["step"]) <= start:
                    kept.append(line)
        write_atomically(path, "".join(kept))
    path.parent.mkdir(parents=True, exist_ok=True)
    return keras.callbacks.CSVLogger(str(path), append=start > 0)
