"""Whether what was saved is what it was saved from."""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.hub_export.inputs import ClipSpec
from d3d_tf.hub_export.parts import Part

TOLERANCE = 1e-5


def largest_differences(
    network, part: Part, path: Path, clip: ClipSpec
) -> dict[str, float]:
    """Between the network and each way into the saved module.

    Of all outputs, in units of the largest value of that output, if it is
    above 1: rounding grows with it. `regularization` compares the sum of the
    penalties with what Keras adds to the loss.

    Args:
      network, part: what was saved.
      path: the module.
      clip: what its signatures accept.

    Raises:
      UserError: the network's own outputs are not finite.
    """
    pixels = np.random.default_rng(0).integers(
        0, 256, [2, clip.frames, clip.size, clip.size, 3], np.uint8
    )
    unit = (pixels / 255).astype(np.float32)
    inputs = tf.constant(unit * 2 - 1)
    expected = {k: v for k, v in part.forward(inputs, False).items()}
    main = "features"
    if "logits" in expected:
        main = "logits"
        expected["logits"] = network(inputs, training=False)
        expected["probabilities"] = tf.nn.softmax(expected["logits"])
    for name, value in expected.items():
        if not np.isfinite(value).all():
            raise UserError(
                f"The network's {name} of a random clip are not finite, as "
                "after a training that diverged. Nothing was published."
            )
    loaded = tf.saved_model.load(str(path))
    given = {
        "serving_default": unit,
        "frames_uint8": pixels,
        "frames_encoded": _png(pixels, clip),
    }
    found = {
        "reloaded": {main: loaded(unit, training=False)},
        "infer": {main: loaded.infer(unit)},
        "keras_layer": {main: hub.KerasLayer(str(path))(unit)},
    } | {
        name: loaded.signatures[name](frames=tf.constant(frames))
        for name, frames in given.items()
    }
    differences = {
        way: max(
            _difference(expected[name], value)
            for name, value in outputs.items()
        )
        for way, outputs in found.items()
    }
    theirs = [loss() for loss in loaded.regularization_losses]
    ours = [loss for layer in part.layers for loss in layer.losses]
    differences["regularization"] = _difference(
        tf.add_n(ours) if ours else tf.zeros([]),
        tf.add_n(theirs) if theirs else tf.zeros([]),
    )
    return differences


def _difference(expected, value) -> float:
    expected = np.float32(expected)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    return float(np.abs(value - expected).max(initial=0)) / scale


def _png(pixels: np.ndarray, clip: ClipSpec) -> np.ndarray:
    """The clips in the middle of frames that are neither resized nor lossy."""
    room = clip.short_side - clip.size
    before, after = room // 2, room - room // 2
    border = [(before, after), (before, after), (0, 0)]
    return np.array(
        [
            [
                tf.io.encode_png(np.pad(frame, border)).numpy()
                for frame in frames
            ]
            for frames in pixels
        ]
    )
