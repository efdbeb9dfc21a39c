"""A file of PyTorch as an `Original`; families say how names are to be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from d3d_tf.file_digests import digest_file
from d3d_tf.models.original import (
    Filled,
    assign,
    require_one_network,
    require_values,
)
from d3d_tf.models.torch_file import COUNTED, open_torch_file


class TorchOriginal:
    """What `d3d_tf.models.original.Original` asks, but for the network.

    Args:
      path: of the file.
      as_ours: our name of a variable, of the file's.
      torch_shape: the shape that PyTorch has for a variable of that name.
      scope, averages: of other formats; there is nothing of the kind here.

    Attributes:
      names: those of the file, by ours.
      shapes: in PyTorch's layout, by our names.

    Raises:
      UserError: it cannot be read.
    """

    free: tuple[str, ...] = ()
    stream = "frames"
    trained_by: str | None = None

    def __init__(
        self,
        path: str | Path,
        as_ours: Callable[[str], str],
        torch_shape: Callable[[Any, str], tuple[int, ...]],
        *,
        scope: str | None,
        averages: bool,
    ):
        require_one_network("PyTorch", scope, averages)
        self._torch_shape = torch_shape
        self._file = open_torch_file(path)
        self.path: Path = self._file.path
        weights = self._file.weights
        self.names = {as_ours(name): name for name in weights}
        self.shapes = {o: weights[name].shape for o, name in self.names.items()}

    def digests(self) -> dict[str, dict]:
        return {self.path.name: digest_file(self.path)}

    def fill(self, network) -> Filled:
        variables = self.variables(network)
        shapes = {n: self._torch_shape(v, n) for n, v in variables.items()}
        given = {o: self._file.values[t] for o, t in self.names.items()}
        require_values(self.path, given, shapes, self.called)
        values = {
            name: in_our_layout(given[name], variable.shape)
            for name, variable in variables.items()
        }
        used = {theirs: name for name, theirs in self.names.items()}
        return assign(variables, values, self._file.values, used, COUNTED)

    def called(self, name: str) -> str:
        """The file's name for one of ours; ours if it has none."""
        return self.names.get(name, name)

    def variables(self, network) -> dict[str, Any]:
        """See `Original`."""
        raise NotImplementedError


def in_our_layout(value: np.ndarray, shape) -> np.ndarray:
    """PyTorch's `[out, in, ...]` as a variable of that shape has it."""
    if value.ndim > 1:
        value = value.transpose(*range(2, value.ndim), 1, 0)
    return np.ascontiguousarray(value.reshape(shape))


def variables_of(path: str, layers: dict[str, Any]) -> dict[str, Any]:
    """Variables of layers by PyTorch's names, `PATHlayer.weight` and others.

    Args:
      path: in front of the names, with its last dot.
      layers: by their names in PyTorch.
    """
    found: dict[str, Any] = {}
    for name, layer in layers.items():
        if hasattr(layer, "moving_mean"):
            variables = {
                "weight": layer.gamma,
                "bias": layer.beta if layer.shift else None,
                "running_mean": layer.moving_mean,
                "running_var": layer.moving_variance,
            }
        else:
            variables = dict(
                zip(("weight", "bias"), layer.weights, strict=False)
            )
        for leaf, variable in variables.items():
            if variable is not None:
                found[f"{path}{name}.{leaf}"] = variable
    return found
