"""Gradient checkpointing: inner tensors are computed twice and never kept."""

import tensorflow as tf

from d3d_tf.layers.batch_norm import averages_at_rest


def recompute(function, *inputs):
    """Calls `function(*inputs)`; the backward pass computes its inside again.

    Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016. Output
    and gradients, also those of variables, are those of `function(*inputs)`;
    moving averages of `BatchNorm` are updated by the first computation only.
    Memory is saved in a `tf.function`; an eager tape keeps what it sees.

    `tf.recompute_grad` is no alternative: it always computes the gradient of
    `inputs`, which for the first layer is the gradient of a clip.

    Args:
      function: tensors to a tensor or a tuple of them, with any variables, all
        of them made; it must not be random.
      inputs: any float tensors.
    """

    @tf.custom_gradient
    def run(*nets):
        def backward(*upstream, variables=()):
            # Not before the gradient is here: else TensorFlow computes it
            # right after the first time, and keeps it.
            with tf.control_dependencies(upstream):
                again = [tf.identity(net) for net in nets]
            with averages_at_rest(), tf.GradientTape() as tape:
                tape.watch(again)
                outputs = tf.nest.flatten(function(*again))
            slopes = tape.gradient(outputs, [*again, *variables], upstream)
            return slopes[: len(nets)], slopes[len(nets) :]

        return function(*nets), backward

    return run(*inputs)
