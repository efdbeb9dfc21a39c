"""Whether a module of features is what it was saved from."""

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.hub_export.check_parity import (
    Reference,
    compared,
    require_finite,
)
from d3d_tf.hub_export.cut_network import CLASSIFICATION, Part, video_part
from d3d_tf.hub_export.features.inputs import (
    FeatureSpec,
    as_floats,
    seen,
)
from d3d_tf.hub_export.rounding import last_bit, sensitivity
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.models.network import rebuilt


def num_frames(spec: FeatureSpec) -> np.ndarray:
    """int32 `[2]`: of a whole video, and of a third of one and padding."""
    return np.array([spec.longest, -(-spec.longest // 3)], np.int32)


def make_reference(
    network: FeatureNetwork, part: Part, spec: FeatureSpec
) -> Reference:
    """What a network says of two random videos, the second one padded.

    Raises:
      UserError: its answers are not finite.
    """
    pixels = np.random.default_rng(0).integers(
        0, 256, [2, spec.longest, spec.width], np.uint8
    )
    features = as_floats(tf.constant(pixels)).numpy()
    frames = tf.constant(num_frames(spec))
    logits = network(seen(tf.constant(features), frames, spec), training=False)
    outputs = part.with_probabilities({"logits": logits})
    copy = rebuilt(network)
    copied = video_part(copy, CLASSIFICATION, None, part.task)
    weights = network.get_weights()

    def answer(draw: int) -> dict:
        copy.set_weights([last_bit(weight, draw) for weight in weights])
        moved = tf.constant(last_bit(features, draw))
        found = copied.forward(seen(moved, frames, spec), False)
        return copied.with_probabilities({"logits": found["logits"]})

    moved = sensitivity(answer, outputs)
    require_finite(outputs | {"outputs": moved})
    return Reference(pixels, outputs, moved)


def largest_differences(
    part: Part, module, spec: FeatureSpec, reference: Reference
) -> dict[str, float]:
    """Between a network and each way into its saved module.

    As `hub_export.check_parity.largest_differences`.

    Args:
      part: what was saved.
      module: as `hub.load` gives it.
      spec: what its signatures accept.
      reference: of `make_reference`.
    """
    pixels = tf.constant(reference.pixels)
    features, frames = as_floats(pixels), tf.constant(num_frames(spec))
    inputs = {"features": features, "num_frames": frames}
    rgb, audio = pixels[..., : spec.rgb], pixels[..., spec.rgb :]
    asked = {
        "serving_default": inputs,
        "features_uint8": {"features": pixels, "num_frames": frames},
        "rgb_audio_uint8": {"rgb": rgb, "audio": audio, "num_frames": frames},
    }
    found = {
        "reloaded": {"logits": module(inputs, training=False)},
        "infer": {"logits": module.infer(inputs)},
        "keras_layer": {"logits": hub.KerasLayer(module)(inputs)},
    } | {
        name: module.signatures[name](**given)
        for name, given in asked.items()
        if name in module.signatures
    }
    whole = module.signatures["without_padding"](features=features[:1])
    # Of the second video another one answers, which has no padding.
    found["without_padding"] = {
        name: np.concatenate([value, reference.outputs[name][1:]])
        for name, value in whole.items()
    }
    return compared(reference.outputs, found, module, part.layers)
