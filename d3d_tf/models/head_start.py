"""What a student takes over from its teacher before it is trained."""

from d3d_tf.config import TermRecipe
from d3d_tf.errors import UserError
from d3d_tf.models.network import by_layer


def copy_head(student, teacher, terms: tuple[TermRecipe, ...]) -> None:
    """Gives a student its teacher's last layers, those that no term reaches.

    They are the head, and the trunk's layers after the last endpoint of the
    terms, if there is one.

    Args:
      student, teacher: `VideoNetwork`s with their variables.
      terms: of the distillation loss.

    Raises:
      UserError: the layers have other shapes.
    """
    places = [term.where for term in terms if term.of_features]
    ours, theirs = (_after(network, places) for network in (student, teacher))
    shapes = [[v.shape for v in variables] for variables in (ours, theirs)]
    if shapes[0] != shapes[1]:
        raise UserError(
            "distill.copy_head copies the teacher's layers after "
            f"{' and '.join(places) or 'the trunk'}, but they are of other "
            "shapes than the student's: give both networks the same sizes, or "
            "leave distill.copy_head alone."
        )
    for own, other in zip(ours, theirs, strict=True):
        own.assign(other)


def _after(network, places: list[str]) -> list:
    """The variables of what follows the last of some endpoints, in order."""
    trunk = network.trunk
    layers = [network.head]
    if reached := [name for name in trunk.endpoints if name in places]:
        before = trunk.layers_up_to(reached[-1])
        whole = trunk.layers_up_to(trunk.endpoints[-1])
        layers = [layer for layer in whole if layer not in before] + layers
    return [v for layer in layers for v in by_layer(layer)]
