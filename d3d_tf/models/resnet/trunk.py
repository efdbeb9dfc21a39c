"""The trunk of every ResNet: stem, max-pooling, four stages."""

from d3d_tf.models.backbone import SequentialBackbone
from d3d_tf.models.resnet.blocks import Pooling, Stem
from d3d_tf.models.resnet.config import ResNetRecipe
from d3d_tf.models.resnet.residual import ResidualStage
from d3d_tf.models.resnet.table import ENDPOINTS


class ResNetTrunk(SequentialBackbone):
    """A clip in, `stem`, `maxpool`, `layer1` to `layer4` out; see `Backbone`.

    Time is never strided; all but `layer1` halve height and width.

    Args:
      recipe: of the network.
    """

    def __init__(self, recipe: ResNetRecipe, **kwargs):
        super().__init__(**kwargs)
        stem, pool, *names = ENDPOINTS
        planes = recipe.planes
        self.units: list = [
            Stem(planes[0], recipe, name=stem),
            Pooling(name=pool),
        ]
        rows = zip(names, planes, recipe.layout.blocks, strict=True)
        for name, width, blocks in rows:
            stride = 1 if name == "layer1" else 2
            self.units.append(
                ResidualStage(width, blocks, recipe, stride, name=name)
            )

    @property
    def channels(self) -> int:
        return int(self.units[0].conv1.kernel.shape[-2])

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        units = self.layers_up_to(endpoint)
        halved = 2 ** len([u for u in units if u.name != "layer1"])
        return 1, halved, halved
