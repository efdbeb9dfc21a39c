"""SavedModels that say one thing and do another."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

FRAMES = tf.TensorSpec([None] * 4 + [3], tf.float32, "frames")
BYTES = tf.TensorSpec([None] * 4 + [3], tf.uint8, "frames")


def save(
    folder: Path,
    *,
    uint8_scale: float = 255.0,
    colour: bool = True,
    finite: bool = True,
    **told,
) -> Path:
    """A module of two classes with two signatures, and its module.json.

    Args:
      folder: of the version.
      uint8_scale: by which frames_uint8 divides; 255 is right.
      colour: whether the answer depends on the order of the colours.
      finite: whether it is a number.
      told: entries of module.json.
    """
    weights = [[9.0, -9.0], [0.0, 0.0], [-9.0, 9.0]]
    weights = tf.constant(weights if colour else np.ones([3, 2]), tf.float32)
    last = tf.constant(0.0 if finite else np.nan)

    def logits(frames):
        return tf.reduce_mean(frames, [1, 2, 3]) @ weights + last

    module = tf.train.Checkpoint()

    @tf.function(autograph=False)
    def call(frames, training=False):
        return logits(frames)

    for training in (False, True):
        call.get_concrete_function(FRAMES, training=training)
    module.__call__ = call
    features = told.get("kind") == "feature_vector"
    output = "features" if features else "logits"
    signatures = {
        "serving_default": tf.function(
            lambda frames: {output: logits(frames)}, [FRAMES]
        ),
        "frames_uint8": tf.function(
            lambda frames: {
                output: logits(tf.cast(frames, tf.float32) / uint8_scale)
            },
            [BYTES],
        ),
    }
    tf.saved_model.save(module, str(folder), signatures)
    clip = {"frames": 4, "size": 16, "short_side": 16}
    content = {"kind": "classification", "input": clip} | told
    (folder / "module.json").write_text(json.dumps(content))
    if not features:
        (folder / "assets").mkdir(exist_ok=True)
        (folder / "assets/labels.txt").write_text("amber\nblue\n")
    return folder
