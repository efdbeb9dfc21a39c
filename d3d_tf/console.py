"""What a user reads: lines on the screen, the same in the run's log file."""

import logging
from pathlib import Path

_LOG = logging.getLogger("d3d_tf")
# What is said stands on the screen already.
_LOG.propagate = False
_LOG.addHandler(logging.NullHandler())


def say(text: str = "") -> None:
    """Shows a line at once and logs it."""
    print(text, flush=True)
    _LOG.info(text)


def log_failure(error: BaseException) -> None:
    """Puts an error with its stack trace into the log file only."""
    _LOG.error("%s", error, exc_info=error)


def log_to(path: Path) -> None:
    """From now on, what is said is also appended to `path`, with the time."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
