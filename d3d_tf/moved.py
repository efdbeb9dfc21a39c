"""Modules that were commands, and have become modes, still work."""

import sys
from collections.abc import Callable

from d3d_tf.screen import exit_code_of


def moved(old: str, new: str, work: Callable[[], None]) -> int:
    """Says which mode a module has become, and does the work.

    Args:
      old: name of the module.
      new: flags of `python -m d3d_tf.main` instead.
      work: what the module did.

    Returns:
      The exit code.
    """
    print(
        f"note: {old} is now `python -m d3d_tf.main {new}` (--help explains "
        "it); it is done as before.",
        file=sys.stderr,
    )
    return exit_code_of(work)
