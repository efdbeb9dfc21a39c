"""The recipe's section about the expansion of X3D, `--mode=expand`."""

from typing import Annotated

from annotated_types import Ge
from pydantic import BeforeValidator

from d3d_tf.models.x3d.expansion import AXES
from d3d_tf.sections import (
    Expected,
    Later,
    OneOf,
    Positive,
    PositiveWhole,
    Whole,
    section,
)

_Axis = Annotated[str, OneOf(*AXES)]
_Step = Annotated[Whole, Ge(0), Expected("0 (never) or more")]


def _split(value):
    """`--set expand.axes=fast,depth` is meant as a list."""
    return value.split(",") if isinstance(value, str) else value


@section
class ExpandRecipe:
    """A network that grows along one axis at a time (X3D, section 3.3).

    It starts as the recipe's `network` with the recipe's `clip`.
    """

    budget: Positive = 2.0
    """G multiply-adds of a clip that the last network may cost at most."""
    most_steps: PositiveWhole = 11
    """After which it ends in any case."""
    axes: Annotated[tuple[_Axis, ...], BeforeValidator(_split)] = AXES
    """Along which it may grow."""
    small_until: Annotated[_Step, Later()] = 0
    """Networks of the steps before this one are trained with twice the batch,
    twice the rate and half the epochs, as the small ones learn as well then (8
    in the paper); 0: none."""
    drop_connect_from: Annotated[_Step, Later()] = 0
    """From this step on the rate of drop-connect is 0.1 (11 in the paper); 0:
    it is the recipe's."""
