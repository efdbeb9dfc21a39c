"""The recipe's section about maps of evidence, `--mode=explain`."""

from typing import Annotated

from pydantic import BeforeValidator

from d3d_tf.config.probe import Networks
from d3d_tf.sections import NotNegative, OneOf, PositiveWhole, Text, section

METHODS = (
    "gradcampp",
    "gradcampp_eps0",
    "gradcam",
    "gradcampp_authors",
    "gradcampp_clip",
)


def _listed(value):
    """`--set explain.classes=NAME` is meant as a list of one: names may have
    commas."""
    return [value] if isinstance(value, str) else value


@section
class ExplainRecipe:
    """Which places of a clip speak for a class."""

    method: Annotated[str, OneOf(*METHODS)] = METHODS[0]
    """`gradcampp` as in pytorch-grad-cam, with 1e-6 in a denominator;
    `gradcampp_eps0` without it, the paper's equation; the others see
    `explain/gradcam.py`."""
    endpoint: Text = ""
    """Of whose features: its whole name, or the part of it that figure 3 of D3D
    has; none: the last."""
    networks: Networks = ()
    """Which networks of a run; none: the one that --mode=predict asks."""
    classes: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    """A class, or a list of them; none: the likeliest."""
    top: PositiveWhole = 3
    """How many the likeliest are."""
    scale: Annotated[str, OneOf("frame", "clip")] = "frame"
    """Whether colours go from the least to the most of each frame, or of the
    clip."""
    second: NotNegative | None = None
    """Of the video, where the clip begins; None: the middle clip, which
    --mode=predict asks about."""
