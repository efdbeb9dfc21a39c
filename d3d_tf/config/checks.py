"""What a recipe's types cannot say: ranges, choices, combinations."""

import typing

from d3d_tf.config.recipe import NetworkRecipe, Recipe
from d3d_tf.errors import UsageError

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
# Those of tfrecords/layouts.
LAYOUTS = (
    "folders",
    "csv",
    "kinetics400",
    "kinetics600",
    "kinetics700",
    "ucf101",
    "hmdb51",
)
POSITIVE = {
    "data": ("frame_rate", "max_seconds", "max_decode_seconds", "num_shards"),
    "flow": (
        "tau",
        "lambda_",
        "theta",
        "scales",
        "scale_step",
        "warps",
        "epsilon",
        "inner_iterations",
        "outer_iterations",
        "saturation",
        "imported_bound",
    ),
    "network": ("depth_multiplier", "min_depth"),
    "train": ("steps", "batch_size", "learning_rate", "checkpoint_every"),
}


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

    for section, leaves in POSITIVE.items():
        for leaf in leaves:
            value = getattr(getattr(recipe, section), leaf)
            require(value > 0, f"{section}.{leaf}", "above 0")
    require(recipe.seed >= 0, "seed", "0 or more")
    require(recipe.clip.frames >= 0, "clip.frames", "0 (automatic) or more")
    require(recipe.clip.size >= 0, "clip.size", "0 (automatic) or more")
    one_of("clip.crop", "random", "corners")
    for leaf, most in (
        ("brightness", 1),
        ("contrast", 1),
        ("saturation", 1),
        ("hue", 0.5),
    ):
        value = getattr(recipe.clip, f"jitter_{leaf}")
        expected = f"0 (off) to {most}"
        require(0 <= value <= most, f"clip.jitter_{leaf}", expected)
    require(recipe.evaluation.clips >= 1, "evaluation.clips", "1 or more")
    require(recipe.evaluation.crops in (1, 3), "evaluation.crops", "1 or 3")
    require(
        recipe.evaluation.clip_frames >= 0,
        "evaluation.clip_frames",
        "0 (that of the training clips) or more",
    )
    require(
        recipe.data.short_side == 0 or recipe.data.short_side >= 16,
        "data.short_side",
        "0 (automatic) or at least 16",
    )
    require(
        1 <= recipe.data.jpeg_quality <= 100, "data.jpeg_quality", "1 to 100"
    )
    one_of("data.layout", *LAYOUTS)
    require(recipe.data.split in (1, 2, 3), "data.split", "1, 2 or 3")
    require(recipe.flow.scale_step < 1, "flow.scale_step", "between 0 and 1")
    # What OpenCV's median filter can do on float pictures; 0 and 1: none.
    require(
        recipe.flow.median_filtering in (0, 1, 3, 5),
        "flow.median_filtering",
        "0, 1, 3 or 5",
    )
    require(
        recipe.network.weight_decay >= 0, "network.weight_decay", "0 or more"
    )
    require(
        recipe.network.first_temporal_kernel in (None, 1, 3, 5, 7),
        "network.first_temporal_kernel",
        "1, 3, 5, 7 or null (the model's own)",
    )
    for key in (
        "data.test_share",
        "network.dropout",
        "network.batch_norm_momentum",
        "train.momentum",
    ):
        section, leaf = key.split(".")
        value = getattr(getattr(recipe, section), leaf)
        require(0 <= value < 1, key, "in [0, 1)")
    require(recipe.distill.weight >= 0, "distill.weight", "0 or more")
    one_of("network.model", *MODELS)
    one_of("network.head_pooling", "overlapping", "global")
    one_of("network.final_endpoint", *ENDPOINTS)
    for key in ("temporal_conv_start_at", "gating_start_at"):
        require(
            getattr(recipe.network, key) in (None, *ENDPOINTS),
            f"network.{key}",
            f"null (nowhere) or one of {', '.join(ENDPOINTS)}",
        )
    require(
        recipe.network.model not in ("s3d", "i3d")
        or recipe.network.gating_start_at
        in (None, NetworkRecipe.gating_start_at),
        "network.gating_start_at",
        f"left alone with network.model={recipe.network.model}, which has no "
        "gates",
    )
    require(
        recipe.network.model != "s3dg_nonlocal"
        or recipe.network.final_endpoint in ENDPOINTS[-2:],
        "network.final_endpoint",
        "Mixed_5b or Mixed_5c with network.model=s3dg_nonlocal, whose "
        "non-local blocks are before them",
    )
    one_of("flow.algorithm", "tvl1", "dis", "farneback", "imported")
    one_of("flow.backend", "cpu", "opencv", "tensorflow")
    require(
        recipe.flow.backend == "cpu" or recipe.flow.algorithm == "tvl1",
        "flow.backend",
        f"left alone with flow.algorithm={recipe.flow.algorithm}",
    )
    require(
        bool(recipe.flow.imported_codec)
        == (recipe.flow.algorithm == "imported"),
        "flow.imported_codec",
        "given with flow.algorithm=imported and only then",
    )
    one_of("train.optimizer", "sgd", "adam")
    one_of("train.schedule", "cosine", "steps")
    one_of("train.stream", "flow", "rgb")
    one_of("distill.teacher_stream", "flow", "rgb")
    one_of("finetune.start", "student", "baseline")
    one_of("finetune.batch_norm", "train", "frozen")
    require(
        recipe.finetune.freeze_to in (None, *ENDPOINTS),
        "finetune.freeze_to",
        f"null (train everything) or one of {', '.join(ENDPOINTS)}",
    )
    one_of(
        "train.mixed_precision", "float32", "mixed_float16", "mixed_bfloat16"
    )
    one_of("export.kind", *EXPORT_KINDS)
    final = ENDPOINTS.index(recipe.network.final_endpoint)
    maps = recipe.export.kind == "feature_map"
    require(
        recipe.export.endpoint in (ENDPOINTS[: final + 1] if maps else (None,)),
        "export.endpoint",
        f"one of {', '.join(ENDPOINTS[: final + 1])} with "
        "export.kind=feature_map, and not given otherwise",
    )
    if recipe.data.short_side and recipe.clip.size:
        require(
            recipe.clip.size <= recipe.data.short_side,
            "clip.size",
            f"at most data.short_side ({recipe.data.short_side})",
        )
    if recipe.toy:
        one_of("toy.motions", "directions", "headings")
        for key in ("size", "num_frames", "train_videos", "test_videos"):
            require(getattr(recipe.toy, key) > 0, f"toy.{key}", "above 0")
        require(0 <= recipe.toy.cue <= 1, "toy.cue", "in [0, 1]")
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
