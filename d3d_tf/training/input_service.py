"""A training whose batches come of tf.data service: what can go wrong there."""

import contextlib
import threading
import time
from collections.abc import Iterator

from d3d_tf.data.service import naming_service
from d3d_tf.keras_api import keras
from d3d_tf.screen import say


class Stalls(keras.callbacks.Callback):
    """Says that a step does not come; TensorFlow waits without a word.

    Args:
      service: address of the dispatcher.
      seconds: that a step may take longer than any before it.
    """

    _supports_tf_logs = True

    def __init__(self, service: str, seconds: float = 60):
        super().__init__()
        self._service, self._seconds = service, seconds
        self._longest: float | None = None  # The first step is also traced.
        self._begun: float | None = None
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def on_train_batch_begin(self, batch, logs=None):
        self._begun = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        begun, self._begun = self._begun, None
        if begun is not None:
            took = time.monotonic() - begun if self._longest is not None else 0
            self._longest = max(took, self._longest or 0)

    def close(self):
        """Ends the watch."""
        self._over.set()

    def _watch(self):
        told = None
        while not self._over.wait(self._seconds / 10):
            begun, longest = self._begun, self._longest
            if begun is None or longest is None or begun == told:
                continue
            took = time.monotonic() - begun
            if took > longest + self._seconds:
                told = begun
                say(
                    f"No step for {took:.0f} seconds. If "
                    f"an input worker of data.service={self._service} ended, "
                    "start it again at the same address: the training waits "
                    "for it, and goes on with the same clips."
                )


@contextlib.contextmanager
def attended(service: str) -> Iterator[list[keras.callbacks.Callback]]:
    """While entered, errors of the service say so; yields callbacks of `fit`.

    Args:
      service: address of the dispatcher; empty: there is none.

    Raises:
      UserError: the service ended, or lost a batch.
    """
    if not service:
        yield []
        return
    with naming_service(service), contextlib.closing(Stalls(service)) as stalls:
        yield [stalls]
