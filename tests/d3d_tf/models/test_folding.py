"""Norms with a convolution before them, and one without."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.layers.batch_norm import BatchNorm
from d3d_tf.layers.convolution import Conv3D
from d3d_tf.models.fixed import FixedNorm
from d3d_tf.models.folding import fold_batch_norm, require_right_fold
from d3d_tf.models.network import FoldError
from tests.harness import randomize

PAIRS = (("conv", "bn"),)


class Small(keras.Model):
    """Two norms, of which only the first may be folded into a kernel."""

    def __init__(self):
        super().__init__(name="small")
        self.conv = Conv3D(3, 1, use_bias=False, name="conv")
        self.bn = BatchNorm(scale=True, name="bn")
        self.alone = BatchNorm(shift=False, name="alone")
        self.dense = keras.layers.Dense(2, name="dense")

    channels = 3
    smallest_clip = (1, 1, 1)
    trunk = property(lambda self: self)

    def call(self, inputs, training=None):
        net = self.bn(self.conv(inputs), training=training)
        net = self.alone(tf.nn.relu(net), training=training)
        return self.dense(tf.reduce_mean(net, [1, 2, 3]))

    def get_config(self):
        return {}


@pytest.fixture
def small():
    network = Small()
    network(tf.zeros([1, 1, 1, 1, 3]))
    randomize(network)
    return network


def test_the_same_answers_without_variables(small):
    clip = tf.random.stateless_normal([2, 3, 4, 5, 3], [0, 1])
    folded = fold_batch_norm(small, PAIRS)
    np.testing.assert_allclose(folded(clip), small(clip), rtol=1e-5, atol=1e-6)
    assert folded.variables == []
    assert isinstance(folded.alone, FixedNorm)
    require_right_fold(small, folded, PAIRS)


@pytest.mark.parametrize("layer", ["conv", "alone", "dense"])
@pytest.mark.parametrize("part", ["kernel", "bias"])
def test_a_fault_is_found(small, layer, part):
    folded = fold_batch_norm(small, PAIRS)
    getattr(getattr(folded, layer), part)[..., 1] += 1e-3
    with pytest.raises(FoldError, match=f"{layer}, folded, differs"):
        require_right_fold(small, folded, PAIRS)


def test_a_network_in_another_model():
    """Its variables have longer names there."""

    class Around(keras.Model):
        def __init__(self):
            super().__init__(name="around")
            self.inner = Small()

        def call(self, inputs):
            return self.inner(inputs)

    around = Around()
    around(tf.zeros([1, 1, 1, 1, 3]))
    network = around.inner
    assert network.variables[0].name.startswith("around/small/")
    randomize(network)
    folded = fold_batch_norm(network, PAIRS)
    require_right_fold(network, folded, PAIRS)
    folded.conv.kernel[..., 1] += 1e-3
    with pytest.raises(FoldError, match="^conv, folded, differs"):
        require_right_fold(network, folded, PAIRS)
