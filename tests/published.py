"""TensorFlow 1 checkpoints for tests: names, shapes and values stated again.

Names and channels are those of shared/goldens/networks/facts.md, sections 2, 3
and 7; values those of make_ckpt.py there, a function of name and shape.
"""

import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.runs.convert import convert
from d3d_tf.runs.folder import Run

# Branch_0, Branch_1 (reduction, 3x3), Branch_2 (reduction, 3x3), Branch_3.
BLOCKS = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
ORDER = ["Conv2d_1a_7x7", "Conv2d_2b_1x1", "Conv2d_2c_3x3", *BLOCKS]


def units(multiplier=1.0, min_depth=16, channels=3):
    """`(path, kernel size, in, out, can span time, can be gated)`."""

    def depth(full):
        return max(int(full * multiplier), min_depth)

    yield "Conv2d_1a_7x7", 7, channels, depth(64), False, False
    yield "Conv2d_2b_1x1", 1, depth(64), depth(64), False, False
    yield "Conv2d_2c_3x3", 3, depth(64), depth(192), True, True
    last = depth(192)
    for block, full in BLOCKS.items():
        b0, b1a, b1b, b2a, b2b, b3 = map(depth, full)
        yield f"{block}/Branch_0/Conv2d_0a_1x1", 1, last, b0, False, True
        yield f"{block}/Branch_1/Conv2d_0a_1x1", 1, last, b1a, False, False
        yield f"{block}/Branch_1/Conv2d_0b_3x3", 3, b1a, b1b, True, True
        yield f"{block}/Branch_2/Conv2d_0a_1x1", 1, last, b2a, False, False
        yield f"{block}/Branch_2/Conv2d_0b_3x3", 3, b2a, b2b, True, True
        yield f"{block}/Branch_3/Conv2d_0b_1x1", 1, last, b3, False, True
        last = b0 + b1b + b2b + b3
    yield "Logits/Conv2d_0c_1x1", 1, last, None, False, False


def slim_shapes(
    num_classes=400,
    *,
    separable=True,
    first=3,
    temporal="Conv2d_2c_3x3",
    gating="Conv2d_2c_3x3",
    scope="InceptionV1/",
    **width,
) -> dict:
    """Names and shapes of TF-Slim's s3dg (or, not separable, i3d)."""

    def reached(path, start):
        names = ORDER[ORDER.index(start) :] if start else []
        return path.split("/")[0] in names

    shapes = {}
    for path, size, before, after, spans, gated in units(**width):
        name = scope + path
        if path.startswith("Logits"):
            shapes[f"{name}/weights"] = (1, 1, 1, before, num_classes)
            shapes[f"{name}/biases"] = (num_classes,)
            continue
        long = spans and reached(path, temporal)
        taps = first if size == 7 else 3 if long and not separable else 1
        shapes[f"{name}/weights"] = (taps, size, size, before, after)
        for leaf in ("beta", "moving_mean", "moving_variance"):
            shapes[f"{name}/BatchNorm/{leaf}"] = (after,)
        if long and separable:
            shapes[f"{name}/temporal/weights"] = (3, 1, 1, after, after)
            shapes[f"{name}/temporal/biases"] = (after,)
        if gated and reached(path, gating):
            gate = f"{name}/self_gating/transformer_W/weights"
            shapes[gate] = (1, 1, 1, after, after)
    return shapes


def i3d_shapes(num_classes=400, *, first=7, **options) -> dict:
    """Names and shapes of TF-Slim's i3d."""
    options = {"separable": False, "gating": None} | options
    return slim_shapes(num_classes, first=first, **options)


def flat_shapes(num_classes=1001, **width) -> dict:
    """Names and shapes of TF-Slim's 2-D inception_v1."""
    return {
        name.replace(
            "Mixed_5b/Branch_2/Conv2d_0b_3x3", "Mixed_5b/Branch_2/Conv2d_0a_3x3"
        ): shape[1:] if len(shape) == 5 else shape
        for name, shape in i3d_shapes(num_classes, **width).items()
    }


def deepmind_shapes(
    num_classes=400, *, prefix="RGB/inception_i3d/", long_vectors=False, **width
) -> dict:
    """Names and shapes of DeepMind's kinetics-i3d."""
    shapes = {}
    for name, shape in i3d_shapes(num_classes, scope="", **width).items():
        vector = "BatchNorm" in name
        for old, new in (
            ("Conv2d", "Conv3d"),
            ("BatchNorm", "batch_norm"),
            ("/weights", "/conv_3d/w"),
            ("/biases", "/conv_3d/b"),
            ("Mixed_5b/Branch_2/Conv3d_0b", "Mixed_5b/Branch_2/Conv3d_0a"),
        ):
            name = name.replace(old, new)
        if vector and long_vectors:
            shape = (1, 1, 1, 1, *shape)
        shapes[prefix + name] = shape
    return shapes


def value(name: str, shape) -> np.ndarray:
    """The value of a variable, from its name and shape alone."""
    if name.endswith("global_step"):
        return np.array(140000, np.int64)
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("/moving_variance"):
        return np.float32(0.5 + rng.random_sample(shape))
    drawn = rng.standard_normal(int(np.prod(shape)))
    if name.endswith(("/weights", "/w")):
        drawn = drawn.reshape(-1, shape[-1])
        drawn -= drawn.mean(axis=0)
        gain = 1.25
        if name.endswith("/temporal/weights"):
            gain = 2.2
        elif name.endswith("/transformer_W/weights"):
            gain = 1.0
        drawn *= gain * np.sqrt(2.0 / len(drawn))
    elif name.endswith(("/biases", "/b")):
        drawn *= 0.05
    elif name.endswith(("/Momentum", "/ExponentialMovingAverage")):
        drawn *= 0.001
    else:
        drawn *= 0.1
    return drawn.astype(np.float32).reshape(shape)


def values(shapes: dict) -> dict:
    return {name: value(name, shape) for name, shape in shapes.items()}


def write(prefix: Path, content: dict, *, old_format: bool = False) -> Path:
    """Writes values by name as TensorFlow 1's Saver does."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(content)
    tensors = [tf.constant(content[name]) for name in names]
    if old_format:
        tf.raw_ops.Save(filename=str(prefix), tensor_names=names, data=tensors)
    else:
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=tensors,
        )
    return prefix


def converted(
    folder: Path, shapes: dict, *settings: str, old_format: bool = False
) -> tuple[dict, Run]:
    """The values of a checkpoint, `folder/ck`, and its run, `folder/run`."""
    content = values(shapes)
    prefix = write(folder / "ck", content, old_format=old_format)
    return content, convert(prefix, folder / "run", list(settings))


# A network that is made in a moment; the same as fields of our recipe.
SMALL = {"multiplier": 1 / 16, "min_depth": 4}
WIDTH = {"depth_multiplier": 1 / 16, "min_depth": 4}
