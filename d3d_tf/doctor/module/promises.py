"""What is in a module's folder against what its module.json says."""

import hashlib
import os

import tensorflow as tf

from d3d_tf.atomic_files import literal
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.doctor.module.served import Module
from d3d_tf.hub_export.warm_up import NAME as WARM_UP


def check_input(module: Module) -> Finding:
    """The input contract, in words."""
    if module.of_features:
        return _check_features(module)
    told, clip = module.told, module.told["input"]
    lacking = [
        key
        for key in ("shortest", "longest", "short_side", "range", "colour")
        if key not in clip
    ]
    warnings, errors = [], []
    if lacking:
        warnings.append(
            f"module.json does not tell {', '.join(lacking)}: it is of an "
            "older d3d_tf, export it again"
        )
    if not told.get("frame_rate"):
        warnings.append(
            f"module.json tells no frame rate: {module.frame_rate:g} is taken"
        )
    for key, right in (("range", [0, 1]), ("colour", "RGB")):
        if clip.get(key, right) != right:
            errors.append(f"{key} is {clip[key]!r}; d3d_tf knows {right!r}")
    length = f"{module.frames} frames"
    if "longest" in clip and "shortest" in clip:
        length += f" ({clip['shortest']} to {clip['longest']})"
    shape = f"{module.size}, {module.size}" if module.size else "height, width"
    what = "the middle of frames" if module.size else "whole frames"
    return judge(
        "input",
        f"RGB, red first; float32 in [0, 1], or uint8; [batch, time, {shape}, "
        f"3]; {length}{_rate(module)}; {what} with a short side of "
        f"{module.info.short_side} pixels",
        errors=errors,
        warnings=warnings,
    )


def _check_features(module: Module) -> Finding:
    given = module.told["input"]
    found = [given.get(key) for key in ("features", "rgb", "audio")]
    errors = []
    numbers = all(isinstance(number, int) for number in found)
    if not numbers or found[0] != found[1] + found[2]:
        errors.append(
            f"features, rgb and audio are {found}; the first is the sum of the "
            "others"
        )
    return judge(
        "input",
        "features of frames, float32 in [-2, 2], or uint8; [batch, frames, "
        f"{given.get('features')}]; {given.get('frames')}",
        errors=errors,
    )


def _rate(module: Module) -> str:
    if module.info.sampling == "segments":
        return ", one of each of so many equal parts of a video"
    return f" at {module.frame_rate:g} per second"


def check_labels(module: Module, outputs: int) -> Finding:
    """labels.txt is the one that was exported, with a name for each logit.

    Args:
      module: the module.
      outputs: how many logits it gives.
    """
    if not (module.classifies or module.detects):
        return judge("labels", f"none, as of every {module.told.get('kind')}")
    path = module.path / "assets" / "labels.txt"
    labels = module.info.labels
    if not path.exists():
        return judge(
            "labels", f"{outputs} logits", errors=["labels.txt is missing"]
        )
    errors, warnings = [], []
    if len(labels) != outputs:
        errors.append(f"the module gives {outputs} logits")
    if len(set(labels)) < len(labels):
        errors.append("a name is there twice")
    promised = module.told.get("labels_sha256")
    if promised is None:
        warnings.append(
            "module.json has no hash of them: it is of an older d3d_tf"
        )
    elif hashlib.sha256(path.read_bytes()).hexdigest() != promised:
        errors.append(
            "labels.txt is not the one that was exported: its SHA-256 differs "
            "from module.json's, and its order is the logits'"
        )
    return judge(
        "labels",
        f"{len(labels)} names; the order is the logit: "
        f"{', '.join(labels[:3])}, ...",
        errors=errors,
        warnings=warnings,
    )


def check_warm_up(module: Module) -> Finding:
    """TF Serving finds requests to warm up with."""
    path = module.path / WARM_UP
    told = str(module.told.get("warm_up", "module.json does not tell why"))
    if not path.exists():
        return judge(
            "warm-up",
            "no requests",
            warnings=[f"a server's first answers are slow ({told})"],
        )
    try:
        with literal(path.parent) as folder:
            records = tf.data.TFRecordDataset(os.path.join(folder, path.name))
            count = sum(1 for _ in records)
    except tf.errors.OpError:
        return judge("warm-up", WARM_UP, errors=["the file is damaged"])
    errors = [] if count else ["the file holds no request"]
    return judge("warm-up", f"{count} requests", errors=errors)
