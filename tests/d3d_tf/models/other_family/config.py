"""Its section `network`."""

from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.sections import Positive, section


@section
class OtherRecipe(NetworkRecipe):
    """A network of two endpoints."""

    model: str = "other"
    width: Positive = 1.0
    weight_decay: Positive = 5e-5

    @property
    def endpoints(self) -> tuple[str, ...]:
        return ("stem", "top")


RECIPE = OtherRecipe
