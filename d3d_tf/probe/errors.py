"""Endpoint errors of decoded flow, by video; numpy only."""

import dataclasses
import hashlib
import io
from pathlib import Path

import numpy as np

from d3d_tf.atomic_files import write_atomically
from d3d_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Errors:
    """What a probe decodes of a split.

    Attributes:
      ids: `[videos]` str.
      epe: `[videos]` float, the mean distance of decoded and stored flow in
        pixels.
      zeros: `[videos]` float, that of a decoder that always answers 0.
      exact: `[videos]` float, that from the flow that is known without an
        algorithm; NaN where none is known.
      shown: `[some of the videos, height, width, 2]` float, what is decoded of
        the middle of the first ones.
      frame: int, the frame of the clip that these are of.
    """

    ids: np.ndarray
    epe: np.ndarray
    zeros: np.ndarray
    exact: np.ndarray
    shown: np.ndarray
    frame: np.ndarray

    def save(self, path: Path) -> str:
        """Writes an `.npz`; returns its SHA-256."""
        content = io.BytesIO()
        np.savez_compressed(content, **vars(self))
        write_atomically(path, content.getvalue())
        return hashlib.sha256(content.getvalue()).hexdigest()


def load(path: Path, sha256: str) -> Errors:
    """Reads what `Errors.save` wrote.

    Raises:
      UserError: it is not there, or something else.
    """
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("not what was written there")
        return Errors(**np.load(io.BytesIO(content)))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): remove its folder, and start "
            "--mode=probe again."
        ) from error
