"""Progress, checkpoints and a clean stop, as Keras callbacks."""

import math
import signal

from tqdm import tqdm

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras

CHECK_EVERY = 20


class Checkpointer(keras.callbacks.Callback):
    """Saves every so many steps, at the end, and before a stop by signal.

    SIGTERM (a scheduler's wish) and SIGINT (Ctrl-C) let the current step end;
    the state is saved and `fit` returns with `stopped_by` set.

    Args:
      manager: a `tf.train.CheckpointManager` of network and optimizer.
      steps: the training ends when the optimizer has made so many.
    """

    def __init__(self, manager, steps: int):
        super().__init__()
        self._manager = manager
        self._steps = steps
        self._saved_at = -1
        self.stopped_by: int | None = None

    @property
    def _step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def on_train_begin(self, logs=None):
        def stop(number, _):
            self.stopped_by = number

        self._handlers = {
            number: signal.signal(number, stop)
            for number in (signal.SIGTERM, signal.SIGINT)
        }

    def on_train_batch_end(self, batch, logs=None):
        if self.stopped_by is not None or self._step >= self._steps:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        self._save()

    def on_train_end(self, logs=None):
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._save()

    def _save(self):
        if self._step != self._saved_at:
            self._manager.save(checkpoint_number=self._step)
            self._saved_at = self._step


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
            if not math.isfinite(loss):
                raise UserError(
                    f"The loss is {loss} at step {self._step}. Lower "
                    "train.learning_rate, or use float32 if mixed precision "
                    "is on; the last checkpoint before it is kept."
                )
            self._bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

    def on_train_end(self, logs=None):
        self._bar.close()
