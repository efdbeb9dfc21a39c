"""Progress, checkpoints and a clean stop, as Keras callbacks."""

import math
import signal

from tqdm import tqdm

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras

CHECK_EVERY = 20


class StopSignals:
    """While entered, SIGTERM and SIGINT (Ctrl-C) are noted, not obeyed.

    Attributes:
      received: number of the first one, or None.
    """

    def __init__(self):
        self.received: int | None = None

    def __enter__(self):
        def note(number, _):
            self.received = self.received or number

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

    After a stop signal (a scheduler's wish, or Ctrl-C) the current step is
    finished and saved. It also adds `step` to the epoch's logs.

    Args:
      manager: a `tf.train.CheckpointManager` of network and optimizer.
      steps: the training ends when the optimizer has made so many.
      signals: an entered `StopSignals`.
    """

    def __init__(self, manager, steps: int, signals: StopSignals):
        super().__init__()
        self._manager = manager
        self._steps = steps
        self._signals = signals

    @property
    def _step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def on_train_batch_end(self, batch, logs=None):
        if self._signals.received or self._step >= self._steps:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        require_finite(logs["loss"], self._step)
        logs["step"] = self._step
        self._manager.save(checkpoint_number=self._step)


def require_finite(loss: float, step: int) -> None:
    """Raises UserError if the loss is no number, with what to do."""
    if not math.isfinite(loss):
        raise UserError(
            f"The loss is {loss} at step {step}. Lower train.learning_rate, or "
            "use float32 if mixed precision is on. The last checkpoint before "
            "it is kept."
        )


class Progress(keras.callbacks.Callback):
    """A bar with the loss and the time left; stops at a loss that is no number.

    Args:
      title: of the bar.
      start, steps: first and last step of the training.
    """

    # Values stay on the device until they are looked at.
    _supports_tf_logs = True

    def __init__(self, title: str, start: int, steps: int):
        super().__init__()
        self._bar = tqdm(
            total=steps, initial=start, desc=title, unit="step", mininterval=1
        )
        self._step = start

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        self._bar.update()
        if self._step % CHECK_EVERY == 0:
            loss = float(logs["loss"])
            require_finite(loss, self._step)
            self._bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

    def on_train_end(self, logs=None):
        self._bar.close()
