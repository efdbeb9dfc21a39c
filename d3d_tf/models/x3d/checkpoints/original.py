"""A checkpoint of X3D by SlowFast or PyTorchVideo: which, and its values."""

from pathlib import Path
from typing import Any

from d3d_tf.errors import UserError
from d3d_tf.models.torch_file import is_torch_file, open_torch_file
from d3d_tf.models.torch_original import TorchOriginal
from d3d_tf.models.x3d.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.x3d.checkpoints.names import (
    as_pytorchvideo,
    as_slowfast,
    by_name,
    torch_shape,
)

TITLES = {
    "slowfast": "SlowFast's X3D",
    "pytorchvideo": "PyTorchVideo's X3D",
}


def holds_x3d(path: str | Path) -> bool:
    """Whether a file of PyTorch has X3D's names of a stem or of blocks.

    Raises:
      UserError: it is of PyTorch and cannot be read.
    """
    return is_torch_file(path) and any(
        as_slowfast(name).startswith(("s1.pathway0", "s2.pathway0"))
        for name in open_torch_file(path).values
    )


class X3DOriginal(TorchOriginal):
    """See `d3d_tf.models.original.Original`.

    Args:
      path: of the file.
      stated: fields of the recipe that the user stated.
      others: of `TorchOriginal`.

    Raises:
      UserError: it cannot be read, or holds no X3D.
    """

    def __init__(self, path, *, stated: dict, **others):
        super().__init__(path, as_slowfast, torch_shape, **others)
        renamed = any(ours != name for ours, name in self.names.items())
        self.kind = "pytorchvideo" if renamed else "slowfast"
        self.title = TITLES[self.kind]
        self.network = infer_recipe(self.shapes, self._file.settings, stated)
        head = self.shapes.get("head.projection.weight")
        if head is None:
            raise UserError(f"{path}: the head, head.projection, is missing.")
        self.num_classes = head[0]
        self.trained_by = f"{self.network.model}_kinetics400"

    def called(self, name: str) -> str:
        if name in self.names or self.kind == "slowfast":
            return super().called(name)
        return as_pytorchvideo(name)

    def variables(self, network) -> dict[str, Any]:
        return by_name(network)
