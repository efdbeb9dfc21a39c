"""The variables of a TensorFlow 1 checkpoint, and the digests of its files."""

import contextlib
import dataclasses
import glob
import os
import re
import typing
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import is_literal, literal
from d3d_tf.errors import UserError
from d3d_tf.file_digests import digest_file

_FILE = re.compile(r"(.+)\.(?:index|meta|data-\d{5}-of-\d{5})")


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """An open checkpoint.

    Attributes:
      prefix: its path, without `.index` and the like.
      shapes: of every variable, by its name in the file.
      files: those it consists of.
    """

    prefix: Path
    shapes: dict[str, tuple[int, ...]]
    files: tuple[Path, ...]
    _reader: typing.Any
    # Keeps the folder open under the name by which the reader knows it.
    _open: contextlib.ExitStack

    def value(self, name: str) -> np.ndarray:
        """A variable as it is stored; its checksum is right.

        Raises:
          UserError: it cannot be read.
        """
        try:
            return self._reader.get_tensor(name)
        except Exception as error:  # IndexError too: the file is too short.
            raise UserError(
                f"{self.prefix}: the variable {name} cannot be read "
                f"({_first_line(error)}): the file is damaged or incomplete, "
                "get it again."
            ) from error

    def digests(self) -> dict[str, dict]:
        """`{file name: {"bytes", "sha256", "git_blob"}}`."""
        return {path.name: digest_file(path) for path in self.files}


def open_checkpoint(path: str | Path) -> Checkpoint:
    """Opens a checkpoint by its prefix, one of its files, or its folder.

    Both formats are read: the later one (`.index` and `.data-*`) and the
    single file of TensorFlow below 0.12, in which TF-Slim's 2-D networks are.

    Raises:
      UserError: nothing is there, or it is no checkpoint.
    """
    prefix = _prefix(Path(path))
    pattern = f"{glob.escape(prefix.name)}.data-*"
    files = sorted(prefix.parent.glob(pattern))
    index = prefix.with_name(f"{prefix.name}.index")
    if index.exists():
        if not files:
            raise UserError(
                f"{index} is there, {prefix}.data-00000-of-00001 is not: both "
                "files are needed."
            )
        files.append(index)
    elif prefix.is_file():
        files = [prefix]
    else:
        raise UserError(
            f"There is no checkpoint {path}: no file {index.name} in "
            f"{prefix.parent}. Name it without .index or .data-00000-of-00001."
        )
    if not is_literal(prefix.name):
        raise UserError(
            f"{prefix}: TensorFlow takes [, ], *, ? and \\ in the name of a "
            "checkpoint for a pattern: rename its files."
        )
    stack = contextlib.ExitStack()
    try:
        place = stack.enter_context(literal(prefix.parent))
        reader = tf.train.load_checkpoint(os.path.join(place, prefix.name))
        shapes = reader.get_variable_to_shape_map()
        wrong = [
            f"{name} ({dtype.name})"
            for name, dtype in reader.get_variable_to_dtype_map().items()
            if dtype not in (tf.float32, tf.int64, tf.int32)
        ]
    except Exception as error:
        raise UserError(
            f"{prefix} is no readable TensorFlow checkpoint "
            f"({_first_line(error)})."
        ) from error
    if wrong:
        raise UserError(f"{prefix}: not float32: {', '.join(sorted(wrong))}.")
    return Checkpoint(
        prefix,
        {name: tuple(shapes[name]) for name in sorted(shapes)},
        tuple(files),
        reader,
        stack,
    )


def _prefix(path: Path) -> Path:
    if path.is_dir():
        found = sorted({p.stem for p in path.glob("*.index")})
        if len(found) != 1:
            raise UserError(
                f"{path} is a folder with {len(found)} checkpoints; name the "
                "one meant, as in FOLDER/model.ckpt."
            )
        return path / found[0]
    match = _FILE.fullmatch(path.name)
    return path.with_name(match[1]) if match else path


def _first_line(error: Exception) -> str:
    message = getattr(error, "message", None) or str(error)
    return message.strip().splitlines()[0][:200] if message.strip() else "?"
