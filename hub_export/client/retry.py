"""Trying again within one deadline."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from d3d_tf.hub_export.client.errors import (
    TRANSIENT,
    ClientError,
    ServingError,
)

FIRST_PAUSE = 0.2  # Seconds; each further one is twice as long.
LONGEST_PAUSE = 5.0
# Seconds, 11 days; sockets and gRPC cannot count to infinity.
LONGEST = 1e6

Answer = TypeVar("Answer")


class Deadline:
    """Seconds for everything that is asked, pauses included."""

    def __init__(self, seconds: float, retries: int):
        """Begins now.

        Args:
          seconds: from now on.
          retries: further attempts of each call, after errors that pass.

        Raises:
          ClientError: not above 0, or fewer than no retries.
        """
        if not seconds > 0 or retries < 0:
            raise ClientError(
                "The deadline must be above 0 seconds and retries at least 0; "
                f"got {seconds:g} and {retries}."
            )
        self._end = time.monotonic() + min(seconds, LONGEST)
        self._seconds = seconds
        self._retries = retries

    def check(self) -> None:
        """Nothing, unless no time is left.

        Raises:
          ServingError: `DEADLINE_EXCEEDED`.
        """
        if self._end <= time.monotonic():
            raise ServingError(
                f"The deadline of {self._seconds:g} s was over before the "
                "server was asked; --deadline gives more.",
                "DEADLINE_EXCEEDED",
            )

    def call(self, attempt: Callable[[float], Answer]) -> Answer:
        """What `attempt(seconds left)` returns, tried again where that helps.

        Raises:
          ServingError: of the last attempt; `DEADLINE_EXCEEDED` if none was
            made any more.
        """
        pause = FIRST_PAUSE
        for tries in range(1, self._retries + 2):
            self.check()
            try:
                return attempt(max(self._end - time.monotonic(), 1e-3))
            except ServingError as error:
                # Clients that failed together must not come back together.
                wait = pause * random.uniform(0.5, 1.0)
                left = self._end - time.monotonic()
                if error.code not in TRANSIENT or left <= wait:
                    raise
                if tries > self._retries:
                    if tries == 1:
                        raise
                    raise ServingError(
                        f"{error} Tried {tries} times.", error.code
                    ) from error
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise AssertionError("the last attempt returns or raises")
