"""What a run's network of features says of the videos of a file."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import appearing, is_remote, require_local
from d3d_tf.data.soundness import words_of
from d3d_tf.data.youtube8m import feature_batches, open_file
from d3d_tf.disk import naming_refusal, require_own_folder
from d3d_tf.errors import UserError
from d3d_tf.names import printable
from d3d_tf.runs.folder import Run
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.screen import say
from d3d_tf.tasks import task_of
from d3d_tf.tasks.youtube8m.ranked_labels import TOP_K
from d3d_tf.training.scoring import compile_forward

LIST = "classes.csv"
# A record begins with the length of what follows, eight bytes of which files
# of videos and pictures have something else.
_LONGEST_RECORD = 2**31
_SHOWN = 5


def predict_features(run: Run, role: str, path: str, out: str | None) -> None:
    """Prints the five likeliest classes of each video, or writes the best 20.

    The list, `classes.csv`, has rows of video, class, its number and its
    probability.

    Args:
      run: of a network of features.
      role: of the network that answers.
      path: a file of YouTube-8M's, of frames or of means of videos.
      out: the folder that is written; None: the answers are printed.

    Raises:
      UsageError: the folder has something else in it.
      UserError: the file cannot be used, or the network is not finished.
    """
    folder = require_local(out, "--out") if out else None
    if folder:
        require_own_folder("predict", folder, (LIST,), [path])
    _require_records(path)
    answers = _answers(run, role, path)
    labels = run.labels()
    if not folder:
        say(f"{path}, by the {role} of {run.folder}:")
        for video, probabilities in answers:
            shown = ", ".join(
                f"{labels[place]} {100 * probabilities[place]:.1f} %"
                for place in _best(probabilities, _SHOWN)
            )
            say(f"{printable(video)}: {shown}")
        return
    with naming_refusal(folder):
        folder.mkdir(parents=True, exist_ok=True)
        count = _write(folder / LIST, answers, labels)
    say(f"classes of {count} videos: {folder / LIST}")


def _require_records(path: str) -> None:
    """Refuses what is no file of records.

    Raises:
      UserError: it is something else.
    """
    if not holds_records(path):
        lacking = "" if Path(path).exists() else ": there is no such file"
        raise UserError(
            f"{path} is not a file of YouTube-8M's records, such as "
            f"train0000.tfrecord{lacking}. This network looks at features of "
            "frames, see docs/youtube8m.md."
        )


def holds_records(path: str) -> bool:
    """Whether a file looks like records, or is too far away to tell."""
    if is_remote(path):
        return True
    if not Path(path).is_file():
        return False
    with open(path, "rb") as file:
        start = file.read(8)
    return 0 < int.from_bytes(start, "little") < _LONGEST_RECORD


def _answers(run: Run, role: str, path: str) -> Iterator[tuple]:
    """Of each video its id and float32 `[classes]` probabilities."""
    recipe = run.recipe()
    network = load_checkpoint(run.folder, role)
    files = open_file(path, network.recipe.widths)
    forward = compile_forward(network)
    probabilities = task_of(recipe.task).probabilities
    batches = feature_batches(
        files,
        batch_size=recipe.train.batch_size,
        training=False,
        sampling=recipe.frames_of(role),
        seed=recipe.seed,
    )
    try:
        for inputs, _ in batches:
            found = probabilities(forward(inputs["features"])).numpy()
            yield from zip(inputs["id"].numpy().astype(str), found, strict=True)
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise UserError(
            f"{path} cannot be used: {words_of(error)}. Copy it again."
        ) from error


def _best(probabilities: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(-probabilities, kind="stable")[:count]


def _write(path: Path, answers: Iterator[tuple], labels: list[str]) -> int:
    """The list; returns the number of videos."""
    count = 0
    with (
        appearing(path) as name,
        open(name, "w", newline="", encoding="utf-8") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(["video", "class", "number", "probability"])
        for video, probabilities in answers:
            count += 1
            for place in _best(probabilities, TOP_K):
                value = f"{probabilities[place]:.6g}"
                rows.writerow([video, labels[place], place, value])
    return count
