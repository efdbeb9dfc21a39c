"""What a user reads: lines on the screen, the same in the run's log file."""

import contextlib
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from absl import logging as absl_logging

from d3d_tf.atomic_files import open_to_append
from d3d_tf.disk import refusal
from d3d_tf.errors import UserError
from d3d_tf.names import printable

_LOG = logging.getLogger("d3d_tf")
# What is said stands on the screen already.
_LOG.propagate = False
_LOG.addHandler(logging.NullHandler())


def say(text: str = "") -> None:
    """Shows a line at once and logs it."""
    text = printable(text)
    print(text, flush=True)
    _LOG.info(text)


def log_to(path: Path) -> None:
    """From now on, what is said is also appended to `path`, with the time."""
    handler = logging.StreamHandler(open_to_append(path))
    # On a full disk a line is lost, and nothing is said of it on the screen.
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)


def quiet(verbose: bool) -> None:
    """Keeps start-up notes of other packages from hiding what matters."""
    # Even without a GPU TensorFlow tells, as errors, how it found no cuDNN.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for module in ("google", "tensorflow_hub", "tensorflow_addons"):
        warnings.filterwarnings("ignore", module=module)
    if not verbose:
        absl_logging.set_verbosity(absl_logging.ERROR)
    for name in ("matplotlib", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # What fails in a worker is raised; Beam tells it three times before.
    logging.getLogger("apache_beam").setLevel(
        logging.ERROR if verbose else logging.CRITICAL
    )


@contextlib.contextmanager
def silence(wanted: bool = True) -> Iterator[None]:
    """Inside, nothing reaches the screen, not even from TensorFlow's C++."""
    if not wanted:
        yield
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with open(os.devnull, "w") as nowhere:
        kept = {number: os.dup(number) for number in (1, 2)}
        try:
            for number in kept:
                os.dup2(nowhere.fileno(), number)
            with (
                contextlib.redirect_stdout(nowhere),
                contextlib.redirect_stderr(nowhere),
            ):
                yield
        finally:
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)


def _one_line(error: BaseException) -> str:
    """Of an error; names of files may have line breaks."""
    return printable(str(error)).replace("\n", "\\x0a")


def exit_code_of(work: Callable[[], None]) -> int:
    """Does `work`; what a user or a file is to blame for is one line.

    Returns:
      0, or that of the error, which standard error was told.
    """
    try:
        work()
    except (UserError, OSError) as error:
        text = refusal(error) or _one_line(error)
        print(f"error: {text}", file=sys.stderr)
        return getattr(error, "exit_code", 1)
    return 0


def explain(error: BaseException, verbose: bool) -> int:
    """One line on the screen and the stack in the log; the exit code."""
    if isinstance(error, UserError):
        text, code = _one_line(error), error.exit_code
    elif isinstance(error, KeyboardInterrupt):
        text, code = "interrupted; the same command goes on from here", 130
    elif refused := refusal(error):
        text, code = refused, 1
    else:
        first = (str(error).strip() or "no message").splitlines()[0]
        text = f"{type(error).__name__}: {first} (--verbosity=1 shows where)"
        code = 1
    print(f"error: {printable(text)}", file=sys.stderr)
    _LOG.error("%s", error, exc_info=error)
    if verbose:
        traceback.print_exception(error)
    return code
