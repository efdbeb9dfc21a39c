"""The object that is saved: a Reusable SavedModel of one network.

Not `model.save`: Keras 2 keeps only the regularisation losses of direct
sub-layers there, and traces the length of the clip it saw first.
"""

import tensorflow as tf

FRAMES = tf.TensorSpec([None, None, None, None, 3], tf.float32, "frames")
FRAMES_UINT8 = tf.TensorSpec([None, None, None, None, 3], tf.uint8, "frames")


def make_module(network) -> tuple[tf.train.Checkpoint, dict]:
    """What `hub.KerasLayer` loads and fine-tunes, and TF Serving serves.

    `module(frames, training)` takes float32 `[batch, time, height, width, 3]`
    RGB in [0, 1], TF-Hub's convention, and returns float32
    `[batch, num_classes]` logits. Batch, time and size are free.

    Args:
      network: frames in [-1, 1] to logits, variables made.

    Returns:
      The object to save and its signatures, `serving_default` (float frames as
      above) and `frames_uint8` (0..255); both return `logits`,
      `probabilities`.
    """

    @tf.function
    def call(frames, training=False):
        return network(frames * 2.0 - 1.0, training=training)

    # `hub.KerasLayer` asks for a trace of either value.
    for training in (False, True):
        call.get_concrete_function(FRAMES, training=training)

    def outputs(frames):
        logits = call(frames, training=False)
        return {"logits": logits, "probabilities": tf.nn.softmax(logits)}

    @tf.function(input_signature=[FRAMES])
    def serving_default(frames):
        return outputs(_checked(frames))

    @tf.function(input_signature=[FRAMES_UINT8])
    def frames_uint8(frames):
        return outputs(tf.cast(_checked(frames), tf.float32) / 255.0)

    module = tf.train.Checkpoint()
    module.__call__ = call
    module.variables = network.variables
    module.trainable_variables = network.trainable_variables
    module.regularization_losses = [
        _penalty(layer.kernel_regularizer, layer.kernel)
        for layer in network.submodules
        if getattr(layer, "kernel_regularizer", None) is not None
    ]
    return module, {
        "serving_default": serving_default,
        "frames_uint8": frames_uint8,
    }


def _checked(frames):
    """Frames of the right rank and channels, none of their axes empty.

    TF Serving does not compare a request with the signature's shape; without
    this a tensor of another rank reads memory that is not its own.
    """
    frames = tf.ensure_shape(frames, [None, None, None, None, 3])
    filled = tf.debugging.assert_positive(
        tf.shape(frames), "frames has an axis of length 0"
    )
    with tf.control_dependencies([filled] if filled is not None else []):
        return tf.identity(frames)


def _penalty(regularizer, kernel):
    @tf.function(input_signature=[])
    def penalty():
        return regularizer(kernel)

    return penalty
