"""What a recipe says of Dynamic Normalization and Relay."""

from typing import Annotated

from pydantic import model_validator

from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.sections import (
    Flag,
    Later,
    OneOf,
    PositiveWhole,
    require,
    section,
)

# Fields that say nothing of networks with batch normalisation.
_OF_DNR = ("statistics", "frames_per_group", "bidirectional", "reduction")


@section
class RelayRecipe(NetworkRecipe):
    """A network with batch normalisation or DNR in the middle of its blocks."""

    normaliser: Annotated[str, OneOf("batch_norm", "dnr"), Later()] = (
        "batch_norm"
    )
    """`dnr`: Dynamic Normalization and Relay, by the four fields below. The
    paper has it in ResNets of frames; in other families it is ours."""
    statistics: Annotated[str, OneOf("batch", "group", "instance"), Later()] = (
        "batch"
    )
    """What DNR standardises with. The paper has those of the batch; those of 32
    groups of a clip's channels, or of each of them, are ours."""
    frames_per_group: Annotated[PositiveWhole, Later()] = 4
    """The cross-temporal relay's distance: 4 in the paper's supplement, 2 in
    the released code. The last group has what is left."""
    bidirectional: Annotated[Flag, Later()] = False
    """Relays from the last group to the first, too, and takes the mean. A TSN
    with it, without `interlace`, cannot tell a motion from its reverse."""
    reduction: Annotated[PositiveWhole, Later()] = 4
    """A relay's cell has so many times less channels inside, but one at
    least."""

    @property
    def is_dynamic(self) -> bool:
        """Whether the normaliser is DNR."""
        return self.normaliser == "dnr"

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields that say nothing of this network."""
        return () if self.is_dynamic else ("normaliser", *_OF_DNR)

    @model_validator(mode="after")
    def _check_relays(self):
        require(
            self.is_dynamic or self.statistics == "batch",
            self,
            "statistics",
            "batch without ~normaliser=dnr",
        )
        return self
