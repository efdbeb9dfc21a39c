"""Gradient checkpointing: inner tensors are computed twice and never kept."""

import tensorflow as tf

from d3d_tf.layers.batch_norm import averages_at_rest


def recompute(function, inputs):
    """Calls `function(inputs)`; the backward pass computes its inside again.

    Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016. Output
    and gradients, also those of variables, are those of `function(inputs)`;
    moving averages of `BatchNorm` are updated by the first computation only.
    Memory is saved in a `tf.function`; an eager tape keeps what it sees.

    `tf.recompute_grad` is no alternative: it always computes the gradient of
    `inputs`, which for the first layer is the gradient of a clip.

    Args:
      function: one tensor to another, with any variables, all of them made;
        it must not be random.
      inputs: any float tensor.
    """

    @tf.custom_gradient
    def run(net):
        def backward(upstream, variables=()):
            # Not before the gradient is here: else TensorFlow computes it
            # right after the first time, and keeps it.
            with tf.control_dependencies([upstream]):
                again = tf.identity(net)
            with averages_at_rest(), tf.GradientTape() as tape:
                tape.watch(again)
                outputs = function(again)
            to_net, *to_variables = tape.gradient(
                outputs, [again, *variables], upstream
            )
            return to_net, to_variables

        return function(net), backward

    return run(inputs)
