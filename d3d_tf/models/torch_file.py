"""The values of a PyTorch checkpoint, read without running what is in it."""

import dataclasses
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.needs import require_torch

# How the two formats of torch.save begin: a zip, and before PyTorch 1.6.
_STARTS = (b"PK\x03\x04", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8")
_ENDINGS = (".pyth", ".pth", ".pt")
# Under which the weights are, in what SlowFast, PyTorchVideo, Lightning and
# others save; the first that is there.
_PLACES = ("model_state", "state_dict", "model_state_dict", "model")
# Why some tensors are of no use.
COUNTED = "a counter of batches"


@dataclasses.dataclass(frozen=True)
class TorchFile:
    """What a checkpoint holds.

    Attributes:
      path: of the file.
      values: tensors by name, in PyTorch's layouts.
      settings: SlowFast's configuration, as YAML; empty if there is none.
    """

    path: Path
    values: dict[str, np.ndarray]
    settings: str = ""

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """All values but the counters of batches."""
        return {n: v for n, v in self.values.items() if not _is_counter(n)}


def is_torch_file(path: str | Path) -> bool:
    """Whether PyTorch saved a file, or its name says so."""
    path = Path(path)
    if not path.is_file():
        return path.suffix in _ENDINGS
    with open(path, "rb") as file:
        start = file.read(12)
    return path.suffix in _ENDINGS or start.startswith(_STARTS)


def open_torch_file(path: str | Path) -> TorchFile:
    """Reads the weights; objects other than tensors and text are not made.

    Raises:
      UserError: there is no such file, PyTorch is not installed, or the file is
        damaged, holds other objects, or no weights.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    require_torch(f"Reading {path.name}")
    import torch

    try:
        _require_whole(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is damaged, or holds Python objects besides tensors, "
            "which are not made because they could run anything. If you trust "
            "the file, open it with PyTorch and save its weights alone: "
            "torch.save({'model_state': model.state_dict()}, NEW)."
        ) from error
    except (
        *(EOFError, KeyError, RuntimeError, TypeError, ValueError, OSError),
        zipfile.BadZipFile,
    ) as error:
        first = (str(error).strip().splitlines() or ["?"])[0][:200]
        raise UserError(
            f"PyTorch cannot read {path} ({first}): the file is damaged or "
            "incomplete, get it again."
        ) from error
    return TorchFile(path, _values(path, content), _settings(content))


def _require_whole(path: Path) -> None:
    """PyTorch does not look at the checksums that it writes."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            if wrong := parts.testzip():
                raise zipfile.BadZipFile(f"the checksum of {wrong} is wrong")


def _settings(content: Any) -> str:
    found = content.get("cfg", "")
    return found if isinstance(found, str) else ""


def _values(path: Path, content: Any) -> dict[str, np.ndarray]:
    """The tensors, without the names that parallel training puts before."""
    import torch

    found = content
    if isinstance(content, dict):
        places = [p for p in _PLACES if isinstance(content.get(p), dict)]
        found = content[places[0]] if places else content
    tensors = isinstance(found, dict) and {
        str(name): value
        for name, value in found.items()
        if isinstance(value, torch.Tensor)
    }
    if not tensors:
        raise UserError(
            f"{path} holds no weights: a dict of tensors was expected, alone "
            f"or under {', '.join(_PLACES)}."
        )
    values = {}
    for name, tensor in tensors.items():
        if not (tensor.dtype == torch.float32 or _is_counter(name)):
            raise UserError(
                f"{path}: {name} is {tensor.dtype}; float32 is needed."
            )
        values[name.removeprefix("module.")] = tensor.numpy()
    return values


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")
