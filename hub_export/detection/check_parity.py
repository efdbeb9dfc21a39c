"""Whether a detector's module is what it was saved from."""

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.detector.boxes import is_there
from d3d_tf.detector.network import Detector
from d3d_tf.hub_export.check_parity import (
    Reference,
    compared,
    encoded_png,
    require_finite,
    to_unit,
)
from d3d_tf.hub_export.detection.inputs import SMALLEST_SIDE, KeyframeSpec
from d3d_tf.hub_export.detection.module import asked_layers
from d3d_tf.hub_export.rounding import last_bit, sensitivity

# Two that are looked at, and one that is none.
BOXES = np.array(
    [[0.1, 0.05, 0.8, 0.5], [0.3, 0.4, 1.0, 0.9], [0.0, 0.0, 0.0, 0.0]],
    np.float32,
)


def make_reference(detector: Detector, clip: KeyframeSpec) -> Reference:
    """What a detector says of `BOXES` in two random clips, wider than high.

    Raises:
      UserError: its answers are not finite.
    """
    height = max(clip.short_side, SMALLEST_SIDE)
    shape = [2, clip.frames, height, height * 4 // 3, 3]
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    frames = detector.pixels.from_unit(to_unit(pixels))
    outputs = _outputs(detector, frames)
    copy = _copy(detector)
    weights = detector.get_weights()

    def answer(draw: int) -> dict:
        copy.set_weights([last_bit(weight, draw) for weight in weights])
        return _outputs(copy, last_bit(frames, draw))

    moved = sensitivity(answer, outputs)
    require_finite(outputs | {"outputs": moved})
    return Reference(pixels, outputs, moved)


def largest_differences(
    detector: Detector, module, reference: Reference
) -> dict[str, float]:
    """Between a detector and each way into its saved module.

    As `hub_export.check_parity.largest_differences`.

    Args:
      detector: what was saved.
      module: as `hub.load` gives it.
      reference: of `make_reference`.
    """
    pixels, boxes = reference.pixels, _boxes()
    unit = to_unit(pixels)
    inputs = {"frames": tf.constant(unit), "boxes": boxes}
    # With an RPN they are not asked about boxes.
    asked = {"boxes": boxes} if detector.persons is None else {}
    given = {
        "serving_default": unit,
        "frames_uint8": pixels,
        "frames_encoded": encoded_png(pixels),
    }
    found = {
        "reloaded": _of_call(module(inputs, training=False)),
        "infer": _of_call(module.infer(inputs)),
        "keras_layer": _of_call(hub.KerasLayer(module)(inputs)),
    } | {
        name: _seen(
            module.signatures[name](frames=tf.constant(frames), **asked),
            detector,
        )
        for name, frames in given.items()
    }
    return compared(reference.outputs, found, module, asked_layers(detector))


def _copy(detector: Detector) -> Detector:
    config = detector.get_config()
    copy = Detector.from_config(config)
    copy.build_from_config(config)
    return copy


def _boxes():
    return tf.constant([BOXES, BOXES])


def _outputs(detector: Detector, frames) -> dict:
    """As signatures answer; boxes without an area are none."""
    frames = tf.constant(frames)
    probabilities, where = detector.detect(frames, _boxes())
    found = _there({"probabilities": probabilities, "boxes": where})
    if detector.persons is not None:
        probabilities, _ = detector.detect_persons(frames)
        found |= _seen({"probabilities": probabilities}, detector)
    return found


def _seen(outputs: dict, detector: Detector) -> dict:
    """A signature's outputs; with an RPN, how likely each action is there.

    Rounding changes the order of proposals that are alike, and which of them
    are left out; hardly what is seen in the picture.
    """
    if detector.persons is None:
        return outputs
    return {"seen": np.max(outputs["probabilities"], 1)}


def _of_call(answer: dict) -> dict:
    probabilities = tf.nn.sigmoid(answer["logits"])
    return _there({"probabilities": probabilities, "boxes": answer["boxes"]})


def _there(outputs: dict) -> dict:
    there = tf.cast(is_there(_boxes()), tf.float32)
    return {name: (value * there).numpy() for name, value in outputs.items()}
