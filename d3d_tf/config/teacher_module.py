"""The recipe's section about a SavedModel of any program as teacher."""

from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from d3d_tf.sections import (
    Expected,
    NotNegative,
    Number,
    Text,
    Whole,
    require,
    section,
)

_FromModule = Annotated[
    Whole, Ge(0), Expected("0 (what its module.json says) or more")
]


@section
class TeacherModuleRecipe:
    """What a module wants to see, with `--teacher=FOLDER` of a SavedModel.

    What its `module.json` says need not be said here.
    """

    frames: _FromModule = 0
    """Length of its clips."""
    size: _FromModule = 0
    """Height and width of its frames in pixels."""
    frame_rate: Annotated[
        NotNegative, Expected("0 (what its module.json says) or more")
    ] = 0.0
    """Frames per second of its clips."""
    range: tuple[Number, Number] = (0.0, 1.0)
    """What black and white are for it. Of modules that take flow it is not
    used: they get (u, v) / 20 pixels."""
    output: Text = "logits"
    """The name of the logits among its outputs."""
    labels: Text = ""
    """A file with the names of its classes, a line each; empty: those of its
    `assets/labels.txt`, or, without it, those of the records."""

    @model_validator(mode="after")
    def _check(self):
        low, high = self.range
        require(low < high, self, "range", "[black, white], black below white")
        return self
