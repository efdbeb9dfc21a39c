"""What a family makes of a checkpoint that somebody else wrote."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.models.network_recipe import NetworkRecipe


@dataclasses.dataclass(frozen=True)
class Filled:
    """What became of every variable on both sides.

    Attributes:
      values: what each of our variables now holds, by its published name.
      rows: for each variable of the file `name`, `shape`, `used_as` (our name,
        or None) and `skipped` (why, or None); then, with `name` None, those of
        ours that the file does not have.
      initial: names of ours that the file does not have and cannot have.
    """

    values: dict[str, np.ndarray]
    rows: list[dict]
    initial: list[str]


class Original(Protocol):
    """An open checkpoint of a published format.

    Attributes:
      path: of the file or its prefix.
      kind: a short name of the format, as weights.json has it.
      title: the same in words.
      network: the network that it is of.
      stream: `frames` or `flow`.
      num_classes: of its head; None: it has none that is of use.
      free: fields of `network` that the file leaves open.
      trained_by: name of the recipe of ours whose clips it was trained with,
        None: the standard ones.
    """

    path: Path
    kind: str
    title: str
    network: NetworkRecipe
    stream: str
    num_classes: int | None
    free: tuple[str, ...]
    trained_by: str | None

    def digests(self) -> dict[str, dict]:
        """`{file name: {"bytes", "sha256", "git_blob"}}`."""

    def fill(self, network) -> Filled:
        """Gives a network the values of the file; all or none.

        Raises:
          UserError: a variable is missing, surplus, mis-shaped, damaged or not
            finite; the text names it.
        """

    def variables(self, network) -> dict[str, Any]:
        """A network's variables by the names of `Filled`, as far as they are
        in the file: without the head where `num_classes` is None."""


def require_one_network(who: str, scope: str | None, averages: bool) -> None:
    """Refuses what may be asked of TensorFlow's checkpoints alone.

    Args:
      who: writes such files.
      scope, averages: of `d3d_tf.models.open_original`.

    Raises:
      UserError: one of them was asked for.
    """
    if scope is not None or averages:
        raise UserError(
            "scope and averages are of TensorFlow's checkpoints; a file of "
            f"{who} holds one network and no averages. Leave them out."
        )


def require_values(
    path: Path,
    given: dict[str, np.ndarray],
    shapes: dict[str, tuple[int, ...]],
    called: Callable[[str], str],
) -> None:
    """Refuses a file that has not just the values that a network needs.

    Args:
      path: of the file.
      given: its values, by our names where the network has such variables.
      shapes: needed, by our names, in the file's layout.
      called: a variable's name in the file, of ours.

    Raises:
      UserError: a value is missing, surplus, mis-shaped or not finite.
    """
    there = [name for name in shapes if name in given]
    require_fit(
        path,
        {
            "missing": [called(n) for n in shapes if n not in given],
            "surplus": sorted(called(n) for n in given.keys() - shapes.keys()),
            "of another shape": [
                f"{called(name)} is {list(given[name].shape)}, needed "
                f"{list(shapes[name])}"
                for name in there
                if given[name].shape != shapes[name]
            ],
            "with values that are not finite": [
                called(name)
                for name in there
                if not np.isfinite(given[name]).all()
            ],
        },
    )


def assign(
    variables: dict[str, Any],
    values: dict[str, np.ndarray],
    there: dict[str, np.ndarray],
    used: dict[str, str],
    skipped: str,
) -> Filled:
    """Gives variables their values, and says what became of the file's.

    Args:
      variables: of a network, by our names.
      values: for all of them.
      there: what the file has, by its names.
      used: by names of the file: the variable of ours.
      skipped: why the others are not used.
    """
    for name, variable in variables.items():
        variable.assign(values[name])
    rows = [
        {
            "name": name,
            "shape": list(value.shape),
            "used_as": used.get(name),
            "skipped": None if name in used else skipped,
        }
        for name, value in there.items()
    ]
    return Filled(values, rows, [])


def require_fit(path: Path, problems: dict[str, list[str]]) -> None:
    """Refuses a checkpoint that is not of the network that it seems to be.

    Args:
      path: of the checkpoint.
      problems: what is wrong: with which variables.

    Raises:
      UserError: a problem has variables.
    """
    lines = [
        f"{len(found)} {what}: {', '.join(found[:20])}"
        + (", ..." if len(found) > 20 else "")
        for what, found in problems.items()
        if found
    ]
    if lines:
        raise UserError(
            f"{path} does not fit the network that its names and shapes tell "
            f"of. Variables {'; '.join(lines)}."
        )
