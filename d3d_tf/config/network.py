"""The sections of a recipe that say what a network is and what is exported."""

from typing import Annotated

from pydantic import model_validator

from d3d_tf.config.checks import (
    Expected,
    Flag,
    NotNegative,
    OneOf,
    Positive,
    PositiveWhole,
    Share,
    require,
    section,
)

MODELS = ("s3dg", "s3d", "i3d", "s3dg_nonlocal")
ENDPOINTS = (
    "Conv2d_1a_7x7",
    "MaxPool_2a_3x3",
    "Conv2d_2b_1x1",
    "Conv2d_2c_3x3",
    "MaxPool_3a_3x3",
    "Mixed_3b",
    "Mixed_3c",
    "MaxPool_4a_3x3",
    "Mixed_4b",
    "Mixed_4c",
    "Mixed_4d",
    "Mixed_4e",
    "Mixed_4f",
    "MaxPool_5a_2x2",
    "Mixed_5b",
    "Mixed_5c",
)
EXPORT_KINDS = ("classification", "feature_vector", "feature_map")

Endpoint = Annotated[str, OneOf(*ENDPOINTS)]
StartsAt = Annotated[
    Endpoint | None, Expected("null (nowhere) or one of {choices}")
]


@section
class NetworkRecipe:
    """A network, of any stream; names are those of its arguments."""

    model: Annotated[str, OneOf(*MODELS)] = "s3dg"
    dropout: Share = 0.2
    depth_multiplier: Positive = 1.0
    """All channel counts are multiplied by it,"""
    min_depth: PositiveWhole = 16
    """but are at least this."""
    first_temporal_kernel: Annotated[
        Annotated[int, OneOf(1, 3, 5, 7)] | None,
        Expected("1, 3, 5, 7 or null (the model's own)"),
    ] = None
    """None: the model's own (7 in I3D, else 3)."""
    temporal_conv_start_at: StartsAt = "Conv2d_2c_3x3"
    """None: 3x3 convolutions see one frame everywhere."""
    gating_start_at: StartsAt = "Conv2d_2c_3x3"
    """None: no gates. S3D and I3D never have any."""
    final_endpoint: Endpoint = "Mixed_5c"
    head_pooling: Annotated[str, OneOf("overlapping", "global")] = "overlapping"
    """`overlapping` windows or one `global` mean."""
    weight_decay: NotNegative = 1e-7
    batch_norm_momentum: Share = 0.999
    synchronized_batch_norm: Flag = False
    fan_in_initializer: Flag = False
    recompute: Flag = False
    """Less memory in training for more time."""

    @model_validator(mode="after")
    def _check(self):
        require(
            self.model not in ("s3d", "i3d")
            or self.gating_start_at in (None, NetworkRecipe.gating_start_at),
            self,
            "gating_start_at",
            f"left alone with ~model={self.model}, which has no gates",
        )
        require(
            self.model != "s3dg_nonlocal"
            or self.final_endpoint in ENDPOINTS[-2:],
            self,
            "final_endpoint",
            "Mixed_5b or Mixed_5c with ~model=s3dg_nonlocal, whose non-local "
            "blocks are before them",
        )
        return self


@section
class ExportRecipe:
    """Which part of the network an export contains."""

    kind: Annotated[str, OneOf(*EXPORT_KINDS)] = "classification"
    endpoint: str | None = None
    """Where a `feature_map` ends, such as Mixed_4f; checked by `Recipe`."""


@section
class FinetuneRecipe:
    """What `--mode=finetune` takes over and what of it stays as it is."""

    start: Annotated[str, OneOf("student", "baseline")] = "student"
    """Which network of the run it starts from: `student` (where there is none,
    its RGB network), or `baseline`."""
    batch_norm: Annotated[str, OneOf("train", "frozen")] = "train"
    """`train`: normalise with the batch's statistics, which the moving averages
    follow; `frozen`: with the averages of the start, which stay. Shifts are
    trained in both."""
    freeze_to: Annotated[
        Endpoint | None,
        Expected("null (train everything) or one of {choices}"),
    ] = None
    """Endpoint up to which, itself included, nothing is trained, weights or
    statistics; None: everything is."""


@section
class TermRecipe:
    """One term of the distillation loss: weight * loss(student, teacher)."""

    where: Annotated[str, OneOf("logits", *ENDPOINTS)] = "logits"
    """`logits`, or an endpoint that teacher and student both have and whose
    features have one shape in both."""
    loss: Annotated[str, OneOf("mse")] = "mse"
    """`mse`: the mean over classes, or over all elements of a clip's features,
    of the squared difference."""
    weight: NotNegative = 1.0
