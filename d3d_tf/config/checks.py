"""What a recipe's types cannot say: ranges, choices, combinations."""

import typing

from d3d_tf.config.recipe import Recipe
from d3d_tf.errors import UsageError


def validate(recipe: Recipe) -> None:
    """Checks what types cannot.

    Raises:
      UsageError: with the field, its value and what would be right.
    """

    def require(good: bool, key: str, expected: str):
        if not good:
            value: typing.Any = recipe
            for part in key.split("."):
                value = getattr(value, part)
            raise UsageError(f"{key} must be {expected}; got {value!r}.")

    def one_of(key: str, *choices: str):
        value: typing.Any = recipe
        for part in key.split("."):
            value = getattr(value, part)
        require(value in choices, key, f"one of {', '.join(choices)}")

    for key in (
        "data.frame_rate",
        "data.max_seconds",
        "data.num_shards",
        "flow.scales",
        "flow.warps",
        "flow.saturation",
        "network.depth_multiplier",
        "network.min_depth",
        "train.steps",
        "train.batch_size",
        "train.learning_rate",
        "train.checkpoint_every",
    ):
        section, leaf = key.split(".")
        require(getattr(getattr(recipe, section), leaf) > 0, key, "above 0")
    require(recipe.seed >= 0, "seed", "0 or more")
    require(recipe.clip.frames >= 0, "clip.frames", "0 (automatic) or more")
    require(recipe.clip.size >= 0, "clip.size", "0 (automatic) or more")
    require(
        recipe.data.short_side == 0 or recipe.data.short_side >= 16,
        "data.short_side",
        "0 (automatic) or at least 16",
    )
    require(
        1 <= recipe.data.jpeg_quality <= 100, "data.jpeg_quality", "1 to 100"
    )
    require(0 <= recipe.data.test_share < 1, "data.test_share", "in [0, 1)")
    require(0 <= recipe.network.dropout < 1, "network.dropout", "in [0, 1)")
    require(recipe.distill.weight >= 0, "distill.weight", "0 or more")
    one_of("network.model", "s3dg")
    one_of("flow.algorithm", "tvl1")
    one_of("train.optimizer", "sgd", "adam")
    one_of("train.stream", "flow", "rgb")
    one_of("distill.teacher_stream", "flow", "rgb")
    one_of(
        "train.mixed_precision", "float32", "mixed_float16", "mixed_bfloat16"
    )
    if recipe.data.short_side and recipe.clip.size:
        require(
            recipe.clip.size <= recipe.data.short_side,
            "clip.size",
            f"at most data.short_side ({recipe.data.short_side})",
        )
    if recipe.toy:
        require(
            recipe.clip.frames <= recipe.toy.num_frames,
            "clip.frames",
            f"at most toy.num_frames ({recipe.toy.num_frames})",
        )
        require(
            recipe.data.short_side == recipe.toy.size,
            "data.short_side",
            f"toy.size ({recipe.toy.size})",
        )
        require(
            not recipe.clip.flip,
            "clip.flip",
            "false with toy data, where left and right are classes",
        )
