"""The networks of a run, as its recipe describes them."""

from d3d_tf.config import Recipe
from d3d_tf.detector.network import make_detector
from d3d_tf.models import make_network
from d3d_tf.roles import stream_of
from d3d_tf.tasks import DETECTION


def make_role(
    recipe: Recipe, role: str, num_classes: int, *, restored: bool = False
):
    """A new network with its variables: a `VideoNetwork`, or a `Detector`.

    Args:
      recipe: of the run.
      role: such as `student`.
      num_classes: or actions.
      restored: see `make_network`.

    Raises:
      UsageError: it cannot be built, or cannot look at its stream.
      UserError: it has an RPN, and Model Garden is not installed.
    """
    network = make_network(
        recipe.network_of(role),
        num_classes,
        stream_of(recipe, role),
        restored=restored,
    )
    if recipe.task == DETECTION:
        return make_detector(
            network, recipe.detector, num_classes, recipe.persons
        )
    return network
