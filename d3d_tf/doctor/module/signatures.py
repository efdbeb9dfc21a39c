"""Every way into a module, and its answer to the example of the export."""

import cv2
import numpy as np
import tensorflow as tf

from d3d_tf.doctor.findings import Finding, judge, words_of
from d3d_tf.doctor.module.served import Module
from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.example import (
    BOXES,
    INPUT,
    MARGIN,
    SIGNATURE,
    compare,
    per_channel,
    read_example,
)
from d3d_tf.hub_export.client.signature import FEATURES, NUM_FRAMES
from d3d_tf.hub_export.detection.check_parity import BOXES as PERSONS
from d3d_tf.hub_export.example import drawn_for
from d3d_tf.hub_export.features.inputs import as_floats
from d3d_tf.hub_export.rounding import difference, told
from d3d_tf.hub_export.signature_inputs import ClipSpec

WITHOUT_PADDING = "without_padding"
_UNANSWERABLE = (tf.errors.OpError, ValueError, TypeError, KeyError)


def inputs_for(module: Module) -> dict[str, dict]:
    """One clip in the form of each signature, a batch of 1.

    Floats, the bytes that they were made of, and PNGs of the whole pictures
    that these were cut from are the same clip. Detectors are asked about two
    boxes of it. Modules of features are given a video of a third of padding.
    """
    if module.of_features:
        return _features_for(module)
    short_side, size = module.info.short_side, module.size
    shortest = int(module.told["input"].get("shortest", module.frames))
    pictures = drawn_for(ClipSpec(module.frames, size, short_side, shortest))
    pixels = pictures[None]
    if size:
        top, left = ((side - size) // 2 for side in pictures.shape[1:3])
        pixels = pixels[:, :, top : top + size, left : left + size]
    boxes = (
        {BOXES: tf.constant(PERSONS[None, :2])} if module.takes_boxes else {}
    )
    clips = {
        "serving_default": tf.constant(np.float32(pixels / 255)),
        "frames_uint8": tf.constant(pixels),
        SIGNATURE: tf.constant([[_png(picture) for picture in pictures]]),
    }
    return {name: {INPUT: clip} | boxes for name, clip in clips.items()}


def _features_for(module: Module) -> dict[str, dict]:
    rng = np.random.default_rng(0)
    given = module.told["input"]
    shape = [1, module.frames, given["features"]]
    stored = tf.constant(rng.integers(0, 256, shape, np.uint8))
    features = as_floats(stored)
    frames = -(-module.frames * 2 // 3)
    count = {NUM_FRAMES: tf.constant([frames])}
    found = {
        "serving_default": {FEATURES: features} | count,
        "features_uint8": {FEATURES: stored} | count,
    }
    # Not in modules of older d3d_tf.
    if WITHOUT_PADDING in module.told.get("signatures", ()):
        found[WITHOUT_PADDING] = {FEATURES: features[:, :frames]}
    if given["audio"]:
        rgb = given["rgb"]
        parts = {"rgb": stored[..., :rgb], "audio": stored[..., rgb:]}
        found["rgb_audio_uint8"] = parts | count
    return found


def _png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture[..., ::-1])[1].tobytes()


def check_signatures(module: Module, inputs: dict, expected) -> Finding:
    """All are there and give what the callable gives.

    Args:
      module: the module.
      inputs: from `inputs_for`.
      expected: the callable's answer to them.
    """
    promised = module.told.get("signatures")
    limit = MARGIN * told(module.told)
    errors: list[str] = []
    warnings: list[str] = []
    agreed = []
    for name, given in inputs.items():
        if name not in module.loaded.signatures:
            problem = f"{name} is missing"
            if promised is None:
                problem += ", as in modules of older d3d_tf"
            (warnings if promised is None else errors).append(problem)
            continue
        try:
            answer = module.loaded.signatures[name](**given)
            worst = difference(expected, answer[module.answer].numpy())
        except _UNANSWERABLE as error:
            errors.append(f"{name} fails on a drawn clip: {words_of(error)}")
            continue
        agreed.append(f"{name} {worst:.1e}")
        # NaN is no more than anything.
        if not worst <= limit:
            errors.append(
                f"{name} differs from the callable by {worst:.2g}, more than "
                f"{limit:.2g}"
            )
    if not np.isfinite(expected).all():
        errors.insert(0, "the answer is not finite")
    return judge(
        "signatures",
        "largest difference from the callable on a drawn clip, in units of "
        f"the largest output: {', '.join(agreed) or 'none could be asked'}",
        errors=errors,
        warnings=warnings,
    )


def check_example(module: Module) -> Finding:
    """The module answers its example clip as it did at its export."""
    try:
        example = read_example(module.path, module.info.labels)
    except ClientError as error:
        return judge("example", "not compared", errors=[f"{error}".rstrip(".")])
    if example is None:
        return judge(
            "example",
            "none",
            warnings=[
                "an older version of d3d_tf exported the module: export it "
                "again, so that servers and programs can be checked"
            ],
        )
    try:
        asked = {
            # NumPy would cut zeros off the end of a picture.
            name: tf.constant(
                value[None] if isinstance(value, np.ndarray) else [value]
            )
            for name, value in example.inputs().items()
        }
        answer = module.loaded.signatures[example.signature](**asked)
        values = per_channel(answer[example.output].numpy())
    except _UNANSWERABLE as error:
        return judge("example", "not answered", errors=[words_of(error)])
    equal, text = compare(example, values)
    shown = f"{example.length} frames"
    if equal:
        return judge("example", f"{shown}, {text}")
    return judge("example", shown, errors=[text])
