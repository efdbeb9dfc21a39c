"""The trunk of every X3D: stem, four stages, conv5."""

from d3d_tf.models.backbone import SequentialBackbone
from d3d_tf.models.x3d.blocks import PointUnit, ResidualStage, Stem
from d3d_tf.models.x3d.config import X3DRecipe
from d3d_tf.models.x3d.table import STAGES, stages


class X3DTrunk(SequentialBackbone):
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

    @property
    def channels(self) -> int:
        return int(self.units[0].conv_xy.kernel.shape[-2])

    def strides(self, endpoint: str) -> tuple[int, int, int]:
        units = self.layers_up_to(endpoint)
        halved = 2 ** len([u for u in units if not isinstance(u, PointUnit)])
        return 1, halved, halved
