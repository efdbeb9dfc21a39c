"""Checks that classes can be learnt and distinguished."""

from collections.abc import Sequence
from pathlib import Path

from d3d_tf.errors import UserError


def require_classes(classes: Sequence[str], where: str | Path) -> None:
    """Refuses class names on which no network can be trained.

    Args:
      classes: their names, in the order of the labels.
      where: the place that they come from, for the error.

    Raises:
      UserError: fewer than two; or one without a name, of several lines, or
        twice there.
    """
    if len(classes) < 2:
        found = f"one class ({classes[0]!r})" if classes else "no class"
        raise UserError(
            f"{where} has {found}: a network learns to tell classes apart, so "
            "it needs two or more, such as one sub-folder of videos each."
        )
    seen: dict[str, int] = {}
    for label, name in enumerate(classes):
        if not name.strip():
            raise UserError(
                f"Class {label} of {where} has no name (the first is class 0): "
                "give every class one."
            )
        if len(name.splitlines()) > 1:
            raise UserError(
                f"Class {label} of {where} has a line break in its name, "
                f"{name!r}: label_map.txt has one line for each."
            )
        if name in seen:
            raise UserError(
                f"Classes {seen[name]} and {label} of {where} are both called "
                f"{name!r}: give each its own name."
            )
        seen[name] = label
