"""The recipe's section about the motion probe, `--mode=probe`."""

from typing import Annotated

from pydantic import BeforeValidator

from d3d_tf.sections import Flag, OneOf, PositiveWhole, Text, section


def _split(value):
    """`--set probe.endpoints=2c,3a` is meant as a list."""
    return value.split(",") if isinstance(value, str) else value


_Network = Annotated[str, OneOf("baseline", "student", "teacher")]
Networks = Annotated[tuple[_Network, ...], BeforeValidator(_split)]


@section
class ProbeRecipe:
    """Flow decoded from features: how much motion is in them (D3D, section 3).

    Decoders are trained as the section `train` says.
    """

    endpoints: Annotated[tuple[Text, ...], BeforeValidator(_split)] = ("3a",)
    """Whose features; whole names, or the part that figure 3 has: `3a` is
    `MaxPool_3a_3x3`."""
    networks: Networks = ("baseline", "student", "teacher")
    """Which networks of the run are looked into as they are, if it has them."""
    finetuned: Networks = ("baseline",)
    """Which are trained too, up to the endpoint."""
    seeds: PositiveWhole = 1
    """Decoders of each, from `seed` upwards; intervals are over all of them."""
    context: Flag = True
    """Decoders have PWC-Net's context network."""
    normalize_angle: Flag = False
    """The decoded direction is made a unit vector before it is compared."""
