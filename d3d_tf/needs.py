"""What a job will need is looked for before the work, not hours into it."""

import importlib.util
import tempfile

from d3d_tf.errors import UserError

# By the extra of setup.py that brings them.
_DECODING = {"av": "data", "cv2": "data"}
_RECORDS = {"apache_beam": "data"}
_DASK = {"apache_beam": "data", "dask": "dask", "distributed": "dask"}
_TORCH = {"torch": "torch"}
_REPORT = {"jinja2": "report", "matplotlib": "report"}


def require_means(mode: str) -> None:
    """Packages of a mode that a recipe drives, up to its report; a TMPDIR.

    Raises:
      UserError: with what to install or to set.
    """
    _require_temporary_folder()
    report = {} if mode == "prepare" else _REPORT
    _require(f"--mode={mode}", _DECODING | report)


def require_preparation() -> None:
    """Those that make records.

    Raises:
      UserError: with what to install.
    """
    _require("Preparing records", _RECORDS)


def require_dask() -> None:
    """Those that prepare on a Dask cluster.

    Raises:
      UserError: with what to install.
    """
    _require("--runner=dask", _DASK)


def require_torch(who: str) -> None:
    """PyTorch, which reads its own checkpoints.

    Args:
      who: needs it, for the message.

    Raises:
      UserError: with what to install.
    """
    _require(who, _TORCH)


def require_model_garden() -> None:
    """TensorFlow Model Garden, of whose parts the RPN is built.

    Raises:
      UserError: with what to install, and what does without.
    """
    if importlib.util.find_spec("official") is None:
        raise UserError(
            "An RPN (detector.boxes=rpn, detector.scored=rpn) needs TensorFlow "
            "Model Garden, tf-models-official 2.15 for TensorFlow 2.15 and "
            "Python 3.11 or older: run `pip install 'd3d_tf[card]'`. Without "
            "it, persons can be those of the records: --set "
            "detector.boxes=both --set detector.scored=proposals."
        )


def _require_temporary_folder() -> None:
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise UserError(
            f"There is no folder for temporary files ({error.strerror}): set "
            "TMPDIR to one that you may write in and that has room."
        ) from error


def _require(who: str, packages: dict[str, str]) -> None:
    lacking = [p for p in packages if importlib.util.find_spec(p) is None]
    if lacking:
        extras = ",".join(dict.fromkeys(packages[name] for name in lacking))
        raise UserError(
            f"{who} needs {', '.join(lacking)}: run `pip install "
            f"'d3d_tf[{extras}]'`."
        )
