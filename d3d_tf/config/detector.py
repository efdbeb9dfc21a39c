"""The recipe's section about the detector of actions."""

from typing import Annotated

from annotated_types import Ge, Le

from d3d_tf.sections import (
    Expected,
    Flag,
    Number,
    OneOf,
    PositiveWhole,
    Share,
    Text,
    section,
)

_Part = Annotated[Number, Ge(0), Le(1), Expected("0 to 1")]


@section
class DetectorRecipe:
    """A network of boxes on the features of a backbone (D3D, section 5.5).

    What the papers do not state is ours.
    """

    endpoint: Text = "Mixed_4f"
    """Of the backbone, whose features are looked at under each box."""
    tail: Flag = True
    """Whether the backbone's later blocks look at them there, frame by frame;
    else they are averaged over time first."""
    pooling: Annotated[str, OneOf("mean", "max")] = "mean"
    """Over the places under a box; `max` in X3D and SlowFast."""
    bins: PositiveWhole = 7
    """Places per side."""
    refine: Flag = True
    """Whether it moves boxes, too; all actions of a person share a box."""
    dropout: Share = 0.5
    freeze_batch_norm: Flag = True
    """Whether the backbone normalises by the averages that it came with."""
    boxes: Annotated[str, OneOf("truth", "proposals", "both", "rpn")] = "both"
    """Which it is trained on: those of the ground truth, those of the records'
    proposals, or both; `rpn`: those of the ground truth and those that the RPN
    of the section `persons` finds."""
    scored: Annotated[str, OneOf("truth", "proposals", "rpn")] = "proposals"
    """Which it is asked about when it is scored; with `truth`, an oracle found
    the persons; with `rpn`, the RPN."""
    least_score: _Part = 0.8
    """Of the records' proposals."""
    jitter: _Part = 0.1
    """By how much of their height and width true boxes are moved and stretched
    in training at most; without it, and without proposals, it would learn to
    leave boxes as they are."""
    foreground_iou: _Part = 0.5
    """From here on a box shows the person whose true box it overlaps."""
    background: Flag = True
    """Whether boxes that show nobody are learned, as having no action."""
    rois: PositiveWhole = 64
    """Boxes of a clip that are learned."""
    foreground_share: _Part = 0.25
    """Of which show a person at most, where background is learned."""

    @property
    def rpn(self) -> bool:
        """Whether an RPN finds persons, in training or when it is scored."""
        return "rpn" in (self.boxes, self.scored)
