"""The recipe's section about the RPN that finds persons."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from d3d_tf.sections import (
    Expected,
    Flag,
    NotNegative,
    Number,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    Text,
    Whole,
    require,
    section,
)

_Iou = Annotated[Number, Gt(0), Le(1), Expected("above 0, up to 1")]
_Level = Annotated[Whole, Ge(2), Le(7)]


@section
class PersonsRecipe:
    """A region proposal network on the keyframe (D3D, section 5.5).

    Built of TensorFlow Model Garden's parts; what is not said to be ours is as
    in its Faster R-CNN on COCO (`official/vision/configs/maskrcnn.py`, 2.15).
    """

    depth: Annotated[int, OneOf(10, 18, 26, 34, 50, 101, 152, 200)] = 50
    """Of the ResNet."""
    decoder: Annotated[str, OneOf("fpn", "c4")] = "fpn"
    """Whose features are looked at: those of a feature pyramid, or those of the
    ResNet's level 4."""
    min_level: _Level = 2
    """Of the pyramid; a feature of level n is of 2^n pixels of the square."""
    max_level: _Level = 6
    filters: PositiveWhole = 256
    """Of the pyramid and of the RPN's own convolution."""
    side: PositiveWhole = 512
    """Pixels of the square that the keyframe is scaled into; ours (1024 there)
    as AVA's frames are seen small."""
    longest: Annotated[Whole, Ge(0)] = 0
    """Pixels of a picture's longer side that fill the square. A smaller picture
    fills less of it, a larger one is scaled to fit: so crops in training are
    seen as large as whole frames. 0: every picture fills it, as in Model
    Garden."""
    anchor_sizes: tuple[Positive, ...] = (8.0,)
    """In features, of the anchors at each feature."""
    ratios: tuple[Positive, ...] = (0.5, 1.0, 2.0)
    """Width by height of the anchors of a size."""
    candidates: PositiveWhole = 1000
    """The best boxes of a level, among which there may be equal ones."""
    nms_iou: _Iou = 0.7
    """A proposal that shares more than that with a better one is dropped."""
    least_score: Share = 0.0
    """Of a proposal: how likely it shows a person."""
    proposals: PositiveWhole = 300
    """At most; of Faster R-CNN's test (Ren et al. 2015, section 4)."""
    suppress_iou: _Iou = 0.6
    """Of two persons that share more than that, the better one has the action;
    ours."""
    match_iou: _Iou = 0.7
    """From here on an anchor shows a person."""
    unmatched_iou: _Iou = 0.3
    """Below, it shows nobody; between the two it is not learned."""
    sampled: PositiveWhole = 256
    """Anchors of a keyframe that are learned; half of them show persons at
    most."""
    score_weight: NotNegative = 1.0
    """Of the loss of whether an anchor shows a person."""
    offset_weight: NotNegative = 1.0
    """Of the loss of where it is."""
    weight_decay: NotNegative = 4e-5
    batch_norm_momentum: Share = 0.997
    """Where batch normalisation is not frozen."""
    frozen: Flag = False
    """Whether it stays as it comes from `checkpoint`."""
    checkpoint: Text | None = None
    """Of Model Garden: of a ResNet (`backbone`), or of a Faster R-CNN, which
    has `decoder` and `rpn_head`, too. None: from scratch."""

    @property
    def levels(self) -> tuple[int, ...]:
        """Whose features anchors are at."""
        if self.decoder == "c4":
            return (4,)
        return (*range(self.min_level, self.max_level + 1),)

    @model_validator(mode="after")
    def _check(self):
        require(
            self.min_level <= min(self.max_level, 5),
            self,
            "min_level",
            f"at most ~max_level ({self.max_level}) and 5, the ResNet's last",
        )
        stride = 2 ** max(self.levels)
        require(
            self.side % stride == 0,
            self,
            "side",
            f"a multiple of {stride}, the pixels of the coarsest feature",
        )
        for key in ("anchor_sizes", "ratios"):
            require(len(getattr(self, key)) > 0, self, key, "one or more")
        require(
            self.unmatched_iou <= self.match_iou,
            self,
            "unmatched_iou",
            f"at most ~match_iou ({self.match_iou:g})",
        )
        return self
