"""The trunk of every X3D: stem, four stages, conv5."""

from d3d_tf.models.backbone import Backbone, up_to_name
from d3d_tf.models.x3d.blocks import PointUnit, ResidualStage, Stem
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import STAGES, stages


class X3DTrunk(Backbone):
    """A clip in, `stem`, `res2` to `res5` and `conv5` out; see `Backbone`.

    Time is never strided; stem and stages halve height and width. conv5 widens
    res5 to the inner channels of its blocks: papers count it to the head, and
    detectors leave it out.

    Args:
      recipe: of the network.
    """

    def __init__(self, recipe: X3DRecipe, **kwargs):
        super().__init__(**kwargs)
        rows = stages(*recipe.expansion[:3])
        self.units = [Stem(rows[0].channels, recipe, name="stem")]
        before = 0
        for number, (name, stage) in enumerate(
            zip(STAGES, rows, strict=True), start=2
        ):
            self.units.append(
                ResidualStage(
                    stage, recipe, number=number, index=before, name=name
                )
            )
            before += stage.blocks
        self.units.append(PointUnit(rows[-1].inner, recipe, name="conv5"))

    def call(self, inputs, training=None):
        return self.up_to(self.units[-1].name, inputs, training)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units)

    @property
    def channels(self) -> int:
        return int(self.units[0].conv_xy.kernel.shape[-2])

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        features = {}
        net = inputs
        for unit in self.layers_up_to(endpoint):
            net = features[unit.name] = unit(net, training=training)
        return features

    def layers_up_to(self, endpoint: str) -> list:
        return up_to_name(self.units, endpoint)

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        units = self.layers_up_to(endpoint)
        halved = 2 ** len([u for u in units if not isinstance(u, PointUnit)])
        return 1, halved, halved
