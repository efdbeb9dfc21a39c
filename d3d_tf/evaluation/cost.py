"""Counts the parameters and multiply-adds of a built network."""

import dataclasses
import math

import tensorflow as tf

# `MatMul` is a dense layer's; products of batches have another name.
_COUNTED = ("Conv3D", "DepthwiseConv2dNative", "MatMul")
# Of networks of features, these are of NeXtVLAD's sums and of Keras' LSTM.
_PRODUCT, _LSTM = "BatchMatMulV2", "PartitionedCall"


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of one network on one clip.

    Attributes:
      trained_parameters: numbers that training changes.
      parameters: with the moving averages.
      multiply_adds: of all 3-D and depthwise convolutions, taps in the
        padding included (so papers count), and of dense layers; a
        multiplication with an addition is one, FLOPs are twice that. Pooling
        and the two matrix products of a non-local block are not included. Of
        features, also NeXtVLAD's sums over frames and all steps of LSTMs,
        padding included.
    """

    trained_parameters: int
    parameters: int
    multiply_adds: int


def measure_cost(network, clip_shape) -> Cost:
    """Counts the cost of a network on one clip in inference.

    Nothing is computed: the network is traced and its graph is read.

    Args:
      network: a Keras model of clips, variables made.
      clip_shape: `(time, height, width, channels)`; of features `(time,
        channels)`.
    """
    of_features = len(clip_shape) == 2
    forward = tf.function(lambda clip: network(clip, training=False))
    graph = forward.get_concrete_function(
        tf.TensorSpec([1, *clip_shape], tf.float32)
    ).graph
    return Cost(
        trained_parameters=_count(network.trainable_variables),
        parameters=_count(network.variables),
        multiply_adds=sum(
            _multiply_adds(operation)
            if operation.type in _COUNTED
            else _of_features(operation) * of_features
            for operation in graph.get_operations()
        ),
    )


def _count(variables) -> int:
    return sum(variable.shape.num_elements() for variable in variables)


def _multiply_adds(operation) -> int:
    kernel = operation.inputs[1]
    # On a short clip `layers.convolution` cuts the kernel first.
    while kernel.op.type in ("StridedSlice", "Cast"):
        kernel = kernel.op.inputs[0]
    shape = operation.outputs[0].shape
    if kernel.op.type == "Unpack":
        # Of a depthwise convolution, whose batch are frames: a tap is not shown
        # the frame that it would miss, its neighbours are.
        taps = (tap for out in kernel.op.outputs for tap in out.consumers())
        shape = max((tap.outputs[0].shape for tap in taps), key=math.prod)
    return math.prod(shape[:-1]) * kernel.shape.num_elements()


def _of_features(operation) -> int:
    """Of what networks of features alone have."""
    if operation.type == _PRODUCT:
        along = -2 if operation.get_attr("adj_x") else -1
        summed = operation.inputs[0].shape[along]
        return operation.outputs[0].shape.num_elements() * summed
    if operation.type == _LSTM:
        # Four gates, each of the frame and of the state before.
        batch, steps, width = operation.inputs[0].shape
        cells = operation.inputs[1].shape[-1]
        return batch * steps * (width + cells) * 4 * cells
    return 0
