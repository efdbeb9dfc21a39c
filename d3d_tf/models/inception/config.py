"""The section `network` of a recipe with a network of this family."""

from typing import Annotated

from pydantic import model_validator

from d3d_tf.models.dnr.config import RelayRecipe
from d3d_tf.models.inception.table import ENDPOINTS
from d3d_tf.sections import (
    Expected,
    Flag,
    NotNegative,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    require,
    section,
)

Endpoint = Annotated[str, OneOf(*ENDPOINTS)]
StartsAt = Annotated[
    Endpoint | None, Expected("null (nowhere) or one of {choices}")
]


@section
class InceptionRecipe(RelayRecipe):
    """S3D-G and its relatives; names are those of their arguments."""

    dropout: Share = 0.2
    depth_multiplier: Positive = 1.0
    """All channel counts are multiplied by it,"""
    min_depth: PositiveWhole = 16
    """but are at least this."""
    first_temporal_kernel: Annotated[
        Annotated[int, OneOf(1, 3, 5, 7)] | None,
        Expected("1, 3, 5, 7 or null (the model's own)"),
    ] = None
    """None: the model's own (7 in I3D, else 3)."""
    temporal_conv_start_at: StartsAt = "Conv2d_2c_3x3"
    """None: 3x3 convolutions see one frame everywhere."""
    gating_start_at: StartsAt = "Conv2d_2c_3x3"
    """None: no gates. S3D and I3D never have any."""
    final_endpoint: Endpoint = "Mixed_5c"
    head_pooling: Annotated[str, OneOf("overlapping", "global")] = "overlapping"
    """`overlapping` windows or one `global` mean."""
    weight_decay: NotNegative = 1e-7
    batch_norm_momentum: Share = 0.999
    synchronized_batch_norm: Flag = False
    fan_in_initializer: Flag = False
    recompute: Flag = False
    """Less memory in training for more time."""

    @property
    def first_kernel(self) -> int:
        """Taps in time of the first convolution."""
        return self.first_temporal_kernel or (7 if self.model == "i3d" else 3)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ENDPOINTS[: ENDPOINTS.index(self.final_endpoint) + 1]

    @model_validator(mode="after")
    def _check(self):
        require(
            self.model not in ("s3d", "i3d")
            or self.gating_start_at in (None, InceptionRecipe.gating_start_at),
            self,
            "gating_start_at",
            f"left alone with ~model={self.model}, which has no gates",
        )
        require(
            self.model != "s3dg_nonlocal"
            or self.final_endpoint in ENDPOINTS[-2:],
            self,
            "final_endpoint",
            "Mixed_5b or Mixed_5c with ~model=s3dg_nonlocal, whose non-local "
            "blocks are before them",
        )
        return self


RECIPE = InceptionRecipe
