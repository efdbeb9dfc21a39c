"""What the recipe's section `network` says of every family's networks."""

from typing import Annotated

from pydantic import model_validator

from d3d_tf.models import DEFAULT, FAMILIES, recipe_class
from d3d_tf.pixels import Pixels
from d3d_tf.sections import Later, Number, OneOf, Positive, require, section
from d3d_tf.streams import PICTURES

Channels = tuple[Number, Number, Number]
PositiveChannels = tuple[Positive, Positive, Positive]


@section
class NetworkRecipe:
    """A network, of any stream; a family's own section is made from it."""

    model: Annotated[str, OneOf(*FAMILIES)] = DEFAULT
    pixel_mean: Annotated[Channels, Later()] = Pixels.mean
    """Red, green, blue of [0, 1]: the network is shown (value - mean) / std."""
    pixel_std: Annotated[PositiveChannels, Later()] = Pixels.std

    @property
    def pixels(self) -> Pixels:
        """How RGB is scaled for the network."""
        return Pixels(self.pixel_mean, self.pixel_std)

    @property
    def streams(self) -> tuple[str, ...]:
        """What the network can look at, of `d3d_tf.streams`."""
        return PICTURES

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints that the network has, in order."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _check_family(self):
        mine = [m for m in FAMILIES if recipe_class(m) is type(self)]
        expected = f"one of {', '.join(mine)}"
        require(self.model in mine, self, "model", expected)
        return self
