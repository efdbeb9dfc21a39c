"""The checkpoints of one network, read completely or not at all.

An older checkpoint is never taken for the end of a training.
"""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from d3d_tf.atomic_files import (
    is_remote,
    literal,
    to_path,
    write_atomically,
)
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.sealed import sealed

FINISHED = "finished.json"


def is_finished(checkpoints: Path) -> bool:
    """Whether a training in this folder reached its end."""
    return (checkpoints / FINISHED).exists()


def save_finished(
    network, checkpoints: Path, told: dict, steps: int = 0
) -> None:
    """Saves a network that was trained elsewhere as a training would.

    Args:
      network: or the trackable that stands for a part of it.
      checkpoints: a new folder.
      told: the content of `finished.json`.
      steps: of the training, if `told` has them.
    """
    with literal(checkpoints, make=True) as folder:
        tf.train.CheckpointManager(
            tf.train.Checkpoint(network=network), folder, max_to_keep=1
        ).save(checkpoint_number=steps)
    write_atomically(checkpoints / FINISHED, sealed(told))


def damage(prefix: str) -> str | None:
    """The missing or damaged file of a checkpoint; None if all can be read.

    TensorFlow verifies the checksum of a tensor when it reads it. So every
    tensor is read, which takes a fraction of a second for S3D-G.

    Args:
      prefix: of the files, `FOLDER/ckpt-N` or a module's `variables/variables`.

    Raises:
      OSError: a file exists and may not be read.
    """
    index = to_path(f"{prefix}.index")
    data = to_path(f"{prefix}.data-00000-of-00001")
    for file in (index, data):
        try:
            with file.open("rb") as content:
                content.read(1)
        except FileNotFoundError:
            return f"{file.name} is missing"
        # TensorFlow asks for the real user's rights, and takes a file that
        # they do not allow for a damaged one.
        if not is_remote(file) and not os.access(file, os.R_OK):
            raise PermissionError(
                errno.EACCES, os.strerror(errno.EACCES), str(file)
            )
    file = index
    try:
        reader = tf.train.load_checkpoint(prefix)
        names = reader.get_variable_to_shape_map()
        file = data
        for name in names:
            reader.get_tensor(name)
    except Exception:  # A plain OpError, IndexError, MemoryError.
        return f"{file.name} is damaged"
    return None


def restore(network, checkpoints: Path) -> None:
    """Reads the last checkpoint of a folder into a built network.

    Args:
      network: or the trackable that stands for a part of it.
      checkpoints: the folder.

    Raises:
      UserError: the folder holds no checkpoint, the last one is damaged, or it
        is one of another network.
    """
    with literal(checkpoints) as folder:
        steps = finished_steps(checkpoints)
        there = numbers_there(folder)
        last = max(there, default=steps)
        if last is None:
            raise UserError(f"There is no checkpoint in {checkpoints}.")
        last = max(last, steps or 0)
        prefix = f"{folder}/ckpt-{last}"
        problem = damage(prefix)
        if problem:
            raise UserError(
                f"{checkpoints}/{problem}. {_way_on(checkpoints, steps)}"
            )
        with fitting(checkpoints):
            status = tf.train.Checkpoint(network=network).restore(prefix)
            status.assert_existing_objects_matched().expect_partial()


@contextlib.contextmanager
def fitting(checkpoints: Path) -> Iterator[None]:
    """While entered, a checkpoint that does not fit is a UserError.

    Raises:
      UserError: it does not.
    """
    try:
        yield
    except (AssertionError, ValueError) as error:
        words = str(error).strip().splitlines()[0][:160]
        raise UserError(
            f"The network in {checkpoints} is another one than recipe.yaml "
            f"and label_map.txt of its run describe ({words}). Copy both files "
            "from the run in which it was trained."
        ) from error


def _way_on(checkpoints: Path, steps: int | None) -> str:
    run = checkpoints.parent.parent
    if steps is None:
        return f"Remove {run}; what made it makes it again."
    return (
        f"Start the command that made {run} again: it trains on from an older "
        "checkpoint, if one is whole."
    )


def finished_steps(checkpoints: Path) -> int | None:
    """The steps of a finished training; None if not finished or trained here.

    Raises:
      UserError: `finished.json` is damaged.
    """
    if not is_finished(checkpoints):
        return None
    steps = read_finished(checkpoints).get("steps")
    return steps if isinstance(steps, int) else None


def latest_sha256(checkpoints: Path) -> str:
    """By which the values of a trained network are known.

    Raises:
      UserError: the folder holds no checkpoint.
    """
    with literal(checkpoints) as folder:
        numbers = numbers_there(folder)
        if not numbers:
            raise UserError(f"There is no checkpoint in {checkpoints}.")
        data = f"ckpt-{max(numbers)}.data-00000-of-00001"
        return hashlib.sha256((to_path(folder) / data).read_bytes()).hexdigest()


def read_finished(checkpoints: Path) -> dict:
    """The content of `finished.json`: `steps` of a training, or what made it.

    Raises:
      UserError: it is missing or damaged.
    """
    remedy = (
        "start the command that made the run again; where no training made it, "
        "remove the run and make it again"
    )
    return read_json(checkpoints / FINISHED, {}, remedy)


def numbers_there(folder: str, part: str = "(?:index|data-.*)") -> set[int]:
    """Numbers of the checkpoints of which at least a part exists."""
    place = to_path(folder)
    names = [p.name for p in place.iterdir()] if place.is_dir() else []
    pattern = re.compile(rf"ckpt-(\d+)\.{part}")
    return {int(m[1]) for m in map(pattern.fullmatch, names) if m}
