"""A decoder on an endpoint."""

import numpy as np
import tensorflow as tf

from d3d_tf.models import make_network
from d3d_tf.probe.network import FlowProbe
from tests.harness.tiny import INCEPTION

CLIP = np.random.default_rng(0).uniform(-1, 1, [2, 5, 16, 24, 3])


def make(**options):
    network = make_network(INCEPTION.recipe, 3, "frames")
    probe = FlowProbe(network, "Conv2d_2b_1x1", context=False, **options)
    return network, probe, probe(tf.constant(CLIP, tf.float32))


def test_it_answers_at_the_endpoints_places():
    _, _, polar = make()
    # Strides 2 in time and 4 in space: 3 of 5 frames, 4 x 6 of 16 x 24.
    assert polar.shape == (2, 3, 4, 6, 3)


def test_only_the_decoder_is_trained():
    network, probe, _ = make()
    assert len(probe.trainable_variables) == 12  # Six layers and their biases.
    assert {v.ref() for v in probe.trainable_variables} == {
        v.ref() for v in probe.decoder.variables
    }
    before = [v.numpy() for v in network.variables]
    probe(tf.constant(CLIP, tf.float32), training=True)
    for variable, value in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_finetuned_up_to_the_endpoint_and_no_further():
    network, probe, _ = make(finetuned=True)
    later = {v.ref() for v in network.head.variables}
    own = {v.ref() for v in probe.variables}
    assert own.isdisjoint(later)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(probe(tf.constant(CLIP, tf.float32), True))
    gradients = tape.gradient(loss, probe.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    assert len(probe.trainable_variables) > 12
    before = [layer.moving_mean.numpy() for layer in norms(network)]
    probe(tf.constant(CLIP, tf.float32), training=True)
    after = [layer.moving_mean.numpy() for layer in norms(network)]
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


def norms(network):
    return [m for m in network.submodules if hasattr(m, "moving_mean")]
