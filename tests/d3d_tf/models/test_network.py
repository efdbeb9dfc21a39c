"""A trunk that doubles and a head that adds, whose answers are known."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.models.backbone import Backbone
from d3d_tf.models.network import VideoNetwork, make_variables, rebuilt
from d3d_tf.pixels import Pixels


class Doubling(Backbone):
    endpoints = ("once", "twice")
    channels = 3

    def __init__(self):
        super().__init__()
        self.factor = self.add_weight(name="factor", initializer="ones")

    def call(self, inputs, training=None):
        return self.up_to("twice", inputs)

    def up_to(self, endpoint, inputs, training=None):
        once = inputs * self.factor * 2
        return {"once": once, "twice": once * 2}


class Summing(keras.layers.Layer):
    def call(self, features, training=None):
        return tf.reduce_sum(features, [1, 2, 3])


class Known(VideoNetwork):
    pixels = Pixels((0.45,) * 3, (0.225,) * 3)

    def __init__(self, title="a"):
        super().__init__()
        self.title = title
        self.trunk, self.head = Doubling(), Summing()

    def get_config(self):
        return {"title": self.title}


@pytest.fixture
def network():
    network = make_variables(Known("b"), 3)
    network.trunk.factor.assign(0.5)
    return network


def test_the_head_is_given_the_last_endpoint(network):
    """1 * 0.5 * 4 in each of 2 x 2 x 2 places."""
    np.testing.assert_array_equal(
        network(tf.ones([1, 2, 2, 2, 3])), [[16.0, 16.0, 16.0]]
    )
    features = network.features(tf.ones([1, 1, 1, 1, 3]))
    assert [float(f[0, 0, 0, 0, 0]) for f in features.values()] == [1.0, 2.0]


def test_a_copy_has_its_own_variables(network):
    copy = rebuilt(network)
    network.trunk.factor.assign(9.0)
    assert float(copy.trunk.factor) == 0.5
    assert (copy.title, rebuilt(network, title="c").title) == ("b", "c")
    assert copy.pixels == network.pixels


def test_a_family_that_cannot_be_folded(network):
    assert network.folded() is network and network.folded(verified=True)
    assert not network.scale_input((2.0, 2.0, 2.0))
