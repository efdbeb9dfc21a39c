"""Returns a training to its newest intact checkpoint."""

import re
import shutil
import sys
import time
from pathlib import Path

from d3d_tf.atomic_files import is_remote, literal, to_path, write_atomically
from d3d_tf.errors import UserError
from d3d_tf.screen import say
from d3d_tf.training.checkpoints import (
    FINISHED,
    damage,
    finished_steps,
    is_finished,
    numbers_there,
)

# TensorFlow's list of the checkpoints in its folder.
_LIST = "checkpoint"
_ENTRY = re.compile(r'^(\w+): "(.*)"$', re.MULTILINE)
_LINE = re.compile(
    r'(all_)?model_checkpoint_paths?: ".*"'
    r"|(all_model_checkpoint|last_preserved)_timestamps?: [\d.e+]+"
)
_TIME = re.compile(r"_timestamps?: (\d[\d.e+]*)")
_NAME = re.compile(r"ckpt-(\d+)")


def set_damaged_aside(checkpoints: Path) -> int | None:
    """Makes the newest checkpoint one from which a training can continue.

    Newer checkpoints that are damaged are renamed, and this is reported. If
    TensorFlow's list of checkpoints differs, it is written anew: the list
    itself may be damaged.

    Returns:
      The number of the newest one; None if there never was any.

    Raises:
      UserError: there are some, and all are damaged.
    """
    with literal(checkpoints) as name:
        folder = to_path(name)
        _remove_unfinished(folder)
        _remove_unlisted(folder, name)
        # What has no index and is not in the list was not saved to its end:
        # a kill came first.
        numbers = numbers_there(name, part="index")
        problems: dict[int, str] = {}
        for number in sorted(numbers | _listed(folder), reverse=True):
            problem = damage(f"{name}/ckpt-{number}")
            if not problem:
                break
            problems[number] = problem
        else:
            if problems:
                raise UserError(
                    f"No checkpoint in {checkpoints} can be read: "
                    f"{', '.join(problems.values())}. Remove that folder to "
                    "train the network from its beginning."
                )
            (folder / _LIST).unlink(missing_ok=True)
            return None
        for damaged, problem in problems.items():
            for path in folder.glob(f"ckpt-{damaged}.*"):
                path.replace(folder / f"damaged-{path.name}")
            say(
                f"warning: {checkpoints}/{problem}: what is left of "
                f"ckpt-{damaged} is set aside as damaged-ckpt-{damaged}.*, "
                f"training goes on from ckpt-{number}."
            )
        _list(folder, name, sorted(n for n in numbers if n <= number))
        return number


def reopen_damaged(checkpoints: Path) -> bool:
    """Lets a finished network with a damaged last checkpoint train on.

    Returns:
      Whether it was one.

    Raises:
      UserError: as `set_damaged_aside`.
    """
    if not is_finished(checkpoints):
        return False
    try:
        steps = finished_steps(checkpoints)
    except UserError:
        steps = sys.maxsize  # Not known: the training finds out how far it is.
    newest = set_damaged_aside(checkpoints)
    if newest is None:
        raise UserError(
            f"{checkpoints} has no checkpoint, and its {FINISHED} says that "
            "the network is trained. Remove that folder to train it from its "
            "beginning."
        )
    if newest >= (steps or 0):
        return False
    (checkpoints / FINISHED).unlink()
    return True


def list_problem(checkpoints: Path) -> str | None:
    """What is wrong with TensorFlow's list; None: nothing, or no checkpoint.

    A training writes it anew; whoever asks TensorFlow for the latest checkpoint
    is misled. Older checkpoints may have been removed.
    """
    with literal(checkpoints) as name:
        numbers = sorted(numbers_there(name, part="index"))
        folder = to_path(name)
        if not numbers:
            return None
        if not (folder / _LIST).exists():
            return f"TensorFlow's list {checkpoints}/{_LIST} is missing"
        newest, *_ = _entries(numbers)
        whole = _is_whole(folder)
        listed = newest in _there(folder, name) and {*numbers} <= _listed(
            folder
        )
        if whole and listed:
            return None
        return f"{checkpoints}/{_LIST} does not list the checkpoints there"


def _remove_unfinished(folder: Path) -> None:
    """Files of killed processes that TensorFlow had not renamed yet."""
    if is_remote(folder):
        return
    for pattern in ("ckpt-*_temp", "ckpt-*.tempstate*", "checkpoint.tmp*"):
        for left in folder.glob(pattern):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _remove_unlisted(folder: Path, name: str) -> None:
    """Removes the newest checkpoint if it was not saved to its end.

    On a full disk TensorFlow leaves a part of the index under its final name.
    The list is written after it; of the first checkpoint there is none yet.
    """
    numbers, listed = numbers_there(name, part="index"), _listed(folder)
    newest = max(numbers, default=0)
    first = len(numbers) == 1 and not (folder / _LIST).exists()
    later = listed and newest > max(listed) and _is_whole(folder)
    if (first or later) and damage(f"{name}/ckpt-{newest}"):
        for path in folder.glob(f"ckpt-{newest}.*"):
            path.unlink()


def _list(folder: Path, name: str, numbers: list[int]) -> None:
    """Writes TensorFlow's list of these checkpoints, the newest last.

    Also if its times are in the future, as the clock was set back: TensorFlow
    would never remove what is in it.
    """
    entries = _entries(numbers)
    times = map(float, _TIME.findall(_text(folder)))
    if _there(folder, name) == entries and max(times, default=0) <= time.time():
        return
    lines = [f'{key}: "{path}"' for key, path in entries]
    # Later than 0, or TensorFlow would never remove them.
    lines += ["all_model_checkpoint_timestamps: 1"] * len(numbers)
    write_atomically(folder / _LIST, "".join(f"{line}\n" for line in lines))


def _entries(numbers: list[int]) -> list[tuple[str, str]]:
    """What the list says of these checkpoints."""
    entries = [("model_checkpoint_path", f"ckpt-{numbers[-1]}")]
    return entries + [
        ("all_model_checkpoint_paths", f"ckpt-{n}") for n in numbers
    ]


def _there(folder: Path, name: str) -> list[tuple[str, str]]:
    """What the list says; in object stores TensorFlow writes whole paths."""
    return [
        (key, path.removeprefix(f"{name}/"))
        for key, path in _ENTRY.findall(_text(folder))
    ]


def _listed(folder: Path) -> set[int]:
    """Numbers of the checkpoints in TensorFlow's list."""
    paths = [
        path.rpartition("/")[2] for _, path in _ENTRY.findall(_text(folder))
    ]
    return {int(m[1]) for m in map(_NAME.fullmatch, paths) if m}


def _is_whole(folder: Path) -> bool:
    """Whether every line of the list is one that TensorFlow writes."""
    return all(map(_LINE.fullmatch, _text(folder).splitlines()))


def _text(folder: Path) -> str:
    try:
        return (folder / _LIST).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""
