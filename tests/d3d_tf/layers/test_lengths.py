"""Known lengths are numbers, the others tensors."""

import numpy as np
import tensorflow as tf

from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.lengths import as_float32, lengths
from d3d_tf.models.inception.blocks import SelfGating, UnitOptions


def test_known_lengths_are_ints():
    assert lengths(tf.zeros([2, 0, 5])) == [2, 0, 5]
    assert isinstance(as_float32(3), np.float32)


def test_unknown_lengths_are_read():
    @tf.function(input_signature=[tf.TensorSpec([None, 4, None])])
    def read(tensor):
        first, second, third = lengths(tensor)
        assert second == 4
        return as_float32(first * second * third)

    product = read(tf.zeros([3, 4, 2]))
    assert product.dtype == tf.float32
    assert float(product) == 24


def test_clips_of_one_shape_need_no_arithmetic_of_shapes():
    """Else the graph of a training is nearly twice as large."""
    clips = tf.zeros([2, 3, 4, 4, 8])
    norm, gate = BatchNorm(), SelfGating(UnitOptions())
    gate(norm(clips))
    step = tf.function(lambda clips: gate(norm(clips, training=True)))
    graph = step.get_concrete_function(clips).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert not kinds & {"Shape", "StridedSlice", "Pack", "Prod", "SelectV2"}


def test_the_same_numbers_whether_lengths_are_known():
    clips = tf.random.stateless_normal([2, 3, 4, 5, 8], [1, 2])
    ends = []
    for shape in ([2, 3, 4, 5, 8], [None, None, None, None, 8]):
        norm = BatchNorm(momentum=0.5)
        gate = SelfGating(UnitOptions())
        gate(norm(clips))
        gate.transformer_W.kernel.assign(0.1 * tf.ones([1, 1, 1, 8, 8]))

        @tf.function(input_signature=[tf.TensorSpec(shape)])
        def step(clips, norm=norm, gate=gate):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(gate(norm(clips, training=True)) ** 2)
            return tape.gradient(loss, [norm.beta, gate.transformer_W.kernel])

        found = step(clips)
        ends.append([*found, norm.moving_mean, norm.moving_variance])
    for known, read in zip(*ends, strict=True):
        np.testing.assert_allclose(known, read, rtol=1e-5, atol=1e-5)
