"""A ResNet by torchvision, MMAction2 or DNR's authors, in a PyTorch file."""

from typing import Any

from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.resnet.checkpoints.infer_recipe import infer_recipe
from d3d_tf.models.resnet.checkpoints.names import (
    as_torchvision,
    by_name,
    shifted_blocks,
    torch_shape,
)
from d3d_tf.models.torch_original import TorchOriginal

TITLES = {
    "torchvision": "torchvision's ResNet",
    "mmaction2": "MMAction2's TSN or TSM",
    "dnr": "the ResNet of DNR's released code",
}
HEAD = "fc_cls.weight"


class ResNetOriginal(TorchOriginal):
    """See `d3d_tf.models.original.Original`.

    Args:
      path: of the file.
      stated: of no use here.
      others: of `TorchOriginal`.

    Raises:
      UserError: it cannot be read, or holds no ResNet that is known.
    """

    def __init__(self, path, *, stated: dict, **others):
        super().__init__(path, as_torchvision, torch_shape, **others)
        theirs = self.names.values()
        self.kind = "torchvision"
        if any(name.startswith("backbone.") for name in theirs):
            self.kind = "mmaction2"
        if any(".ModuleList." in name for name in theirs):
            self.kind = "dnr"
        self.title = TITLES[self.kind]
        recipe = infer_recipe(self.shapes, shifted_blocks(theirs))
        self.network: NetworkRecipe = recipe
        # What names and shapes leave open.
        self.free = ("style",)
        if recipe.is_dynamic:
            self.free += ("frames_per_group", "bidirectional", "interlace")
        head = self.shapes.get(HEAD)
        self.num_classes = head[0] if head else None

    def variables(self, network) -> dict[str, Any]:
        return by_name(network, classifier=self.num_classes is not None)
