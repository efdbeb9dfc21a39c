"""A checkpoint of X3D by SlowFast or PyTorchVideo: which, and its values."""

from pathlib import Path
from typing import Any

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.file_digests import digest_file
from d3d_tf.models.original import Filled, require_fit
from d3d_tf.models.x3d.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.x3d.checkpoints.names import (
    as_pytorchvideo,
    as_slowfast,
    by_name,
    in_our_layout,
    torch_shape,
)
from d3d_tf.models.x3d.checkpoints.torch_file import open_torch_file

TITLES = {
    "slowfast": "SlowFast's X3D",
    "pytorchvideo": "PyTorchVideo's X3D",
}
_COUNTER = ".num_batches_tracked"


class TorchOriginal:
    """See `d3d_tf.models.original.Original`.

    Args:
      path: of the file.
      stated: fields of the recipe that the user stated.
      scope, averages: of other formats; there is nothing of the kind here.

    Raises:
      UserError: it cannot be read, or holds no X3D.
    """

    free = ()
    stream = "frames"

    def __init__(
        self, path, *, stated: dict, scope: str | None, averages: bool
    ):
        if scope is not None or averages:
            raise UserError(
                "scope and averages are of TensorFlow's checkpoints; a file of "
                "PyTorch holds one network and no averages."
            )
        self._file = open_torch_file(path)
        self.path: Path = self._file.path
        theirs = {
            name: value
            for name, value in self._file.values.items()
            if not name.endswith(_COUNTER)
        }
        # Theirs by ours.
        self._names = {as_slowfast(name): name for name in theirs}
        renamed = any(ours != name for ours, name in self._names.items())
        self.kind = "pytorchvideo" if renamed else "slowfast"
        self.title = TITLES[self.kind]
        shapes = {o: theirs[name].shape for o, name in self._names.items()}
        self.network = infer_recipe(shapes, self._file.settings, stated)
        head = shapes.get("head.projection.weight")
        if head is None:
            raise UserError(f"{path}: the head, head.projection, is missing.")
        self.num_classes = head[0]

    @property
    def trained_by(self) -> str:
        return f"{self.network.model}_kinetics400"

    def digests(self) -> dict[str, dict]:
        return {self.path.name: digest_file(self.path)}

    def fill(self, network) -> Filled:
        variables = self.variables(network)
        shapes = {n: torch_shape(v, n) for n, v in variables.items()}
        given = {o: self._file.values[t] for o, t in self._names.items()}
        require_fit(
            self.path,
            {
                "missing": [
                    as_pytorchvideo(name)
                    if self.kind == "pytorchvideo"
                    else name
                    for name in shapes
                    if name not in given
                ],
                "surplus": sorted(
                    self._names[name] for name in given.keys() - shapes.keys()
                ),
                "of another shape": [
                    f"{self._names[name]} is {list(given[name].shape)}, needed "
                    f"{list(shape)}"
                    for name, shape in shapes.items()
                    if name in given and given[name].shape != shape
                ],
                "with values that are not finite": [
                    self._names[name]
                    for name in shapes
                    if name in given and not np.isfinite(given[name]).all()
                ],
            },
        )
        values = {
            name: in_our_layout(given[name], variable.shape)
            for name, variable in variables.items()
        }
        for name, variable in variables.items():
            variable.assign(values[name])
        ours = {theirs: name for name, theirs in self._names.items()}
        rows = [
            {
                "name": name,
                "shape": list(value.shape),
                "used_as": ours.get(name),
                "skipped": None if name in ours else "a counter of batches",
            }
            for name, value in self._file.values.items()
        ]
        return Filled(values, rows, [])

    def variables(self, network) -> dict[str, Any]:
        return by_name(network)
