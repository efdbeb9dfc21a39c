"""The object that is saved of a network of features, and its signatures."""

import tensorflow as tf

from d3d_tf.hub_export.cut_network import Part
from d3d_tf.hub_export.features.inputs import (
    FeatureSpec,
    as_floats,
    checked,
    joined,
    require_range,
    seen,
)
from d3d_tf.hub_export.saved_module import (
    ACCEPTED,
    by_training,
    finite,
    penalties,
    traced,
)
from d3d_tf.models.feature_clip import FeatureNetwork

NUM_FRAMES = tf.TensorSpec([None], tf.int32, "num_frames")


def make_module(
    network: FeatureNetwork, part: Part, spec: FeatureSpec
) -> tuple[tf.train.Checkpoint, dict]:
    """What `hub.KerasLayer` loads and fine-tunes, and TF Serving serves.

    `module(inputs, training)` takes all frames of videos, and the network sees
    those of `spec.sampling`. Inputs are float32 `[batch, frames, N]` in [-2,
    2], or uint8 as YouTube-8M stores them; or `{"features": ..., "num_frames":
    ...}`, int32 `[batch]`, after which padding follows. It returns float32
    logits `[batch, num_classes]`. `module.infer` and `module.train` take such a
    dict, and are the same for either value of `training`.

    Args:
      network: with its variables.
      part: of the network, all of it.
      spec: what is accepted and seen.

    Returns:
      The object to save and its signatures, which return `logits` and
      `probabilities`: `serving_default` and `features_uint8` take `features`
      and `num_frames`, `rgb_audio_uint8`, where there is sound, takes `rgb`,
      `audio` and `num_frames`, and `without_padding` takes float32 `features`
      alone.
    """

    def forward(features, num_frames, training):
        given = seen(features, num_frames, spec)
        return {"logits": part.forward(given, training)["logits"]}

    inner = by_training(network, forward, spec.tensor(), NUM_FRAMES)
    module = tf.train.Checkpoint()
    module.__call__, module.infer, module.train = _calls(inner, spec)
    module.variables = part.variables_of(network)
    module.trainable_variables = [v for v in module.variables if v.trainable]
    module.regularization_losses = penalties(part.layers)
    return module, _signatures(_served(part, inner[False], spec), spec)


def _calls(inner: dict, spec: FeatureSpec) -> tuple:
    """The functions `__call__`, `infer` and `train` of a module."""

    def answer(inputs, training):
        if not isinstance(inputs, dict):
            inputs = {"features": inputs, "num_frames": _all_of(inputs)}
        features, num_frames = checked(
            inputs["features"], inputs["num_frames"], spec
        )
        return inner[training](as_floats(features), num_frames)["logits"]

    @traced()
    def call(inputs, training=False):
        return answer(inputs, training)

    # As in `saved_module`, of a policy of mixed precision, too.
    for dtype in ACCEPTED:
        alone = tf.TensorSpec(spec.tensor().shape, dtype)
        padded = {
            "features": alone,
            "num_frames": tf.TensorSpec(NUM_FRAMES.shape, tf.int32),
        }
        for training in (False, True):
            call.get_concrete_function(alone, training=training)
            call.get_concrete_function(padded, training=training)
    specs = {"features": spec.tensor(), "num_frames": NUM_FRAMES}
    infer = traced(specs)(lambda inputs: answer(inputs, False))
    train = traced(specs)(lambda inputs: answer(inputs, True))
    return call, infer, train


def _all_of(features):
    """Numbers of frames of videos without padding."""
    shape = tf.shape(features)
    return tf.fill([shape[0]], shape[1])


def _served(part: Part, inner, spec: FeatureSpec):
    """What all signatures run: features and numbers of frames to outputs."""

    @traced(spec.tensor(), NUM_FRAMES)
    def served(features, num_frames):
        # As in `saved_module`, a video stands in for an empty batch.
        count = tf.shape(features)[0]
        lacking = tf.cast(tf.equal(count, 0), tf.int32)
        features = tf.pad(features, [[0, lacking], [0, 0], [0, 0]])
        num_frames = tf.pad(num_frames, [[0, lacking]], constant_values=1)
        found = part.with_probabilities(inner(features, num_frames))
        return {name: finite(value[:count]) for name, value in found.items()}

    return served


def _signatures(served, spec: FeatureSpec) -> dict:
    """The functions that TF Serving calls; see `make_module`."""
    floats, axes = spec.tensor(), [None, None]
    pictures = tf.TensorSpec([*axes, spec.rgb], tf.uint8, "rgb")
    sound = tf.TensorSpec([*axes, spec.audio], tf.uint8, "audio")

    @traced(floats, NUM_FRAMES)
    def serving_default(features, num_frames):
        features, num_frames = checked(features, num_frames, spec)
        return served(require_range(features), num_frames)

    @traced(floats)
    def without_padding(features):
        features = tf.ensure_shape(features, floats.shape)
        return serving_default(features, _all_of(features))

    @traced(spec.tensor(tf.uint8), NUM_FRAMES)
    def features_uint8(features, num_frames):
        features, num_frames = checked(features, num_frames, spec)
        return served(as_floats(features), num_frames)

    @traced(pictures, sound, NUM_FRAMES)
    def rgb_audio_uint8(rgb, audio, num_frames):
        rgb = tf.ensure_shape(rgb, pictures.shape)
        audio = tf.ensure_shape(audio, sound.shape)
        return features_uint8(joined(rgb, audio), num_frames)

    found = {
        "serving_default": serving_default,
        "without_padding": without_padding,
        "features_uint8": features_uint8,
    }
    return found | ({"rgb_audio_uint8": rgb_audio_uint8} if spec.audio else {})
