"""What decides which variables one of these networks has."""

import dataclasses

from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.table import ENDPOINTS, TRUNK, Pool

HEAD = "Logits/Conv2d_0c_1x1"
HEAD_NAMES = (f"{HEAD}/weights", f"{HEAD}/biases")
# Fields of the recipe that change the training alone.
TRAINING = (
    "dropout",
    "weight_decay",
    "batch_norm_momentum",
    "synchronized_batch_norm",
    "fan_in_initializer",
    "recompute",
)


def architecture(recipe: InceptionRecipe) -> dict:
    """The fields that decide which variables a network has, and of what shape.

    Two recipes with equal dicts have networks that can swap weights.
    """
    fields = {
        key: value
        for key, value in dataclasses.asdict(recipe).items()
        if key not in (*TRAINING, *recipe.unused, "head_pooling")
    }
    # What starts at a pooling starts at the unit after it.
    for key in ("temporal_conv_start_at", "gating_start_at"):
        fields[key] = _next_unit(fields[key])
    if recipe.model in ("s3d", "i3d"):
        fields.pop("gating_start_at", None)
    fields["first_temporal_kernel"] = recipe.first_kernel
    return fields


def _next_unit(endpoint: str | None) -> str | None:
    if endpoint is None:
        return None
    later = ENDPOINTS[ENDPOINTS.index(endpoint) :]
    return next(name for name in later if not isinstance(TRUNK[name], Pool))
