"""What is compared with the network: every way in, every output, the losses."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.hub_export import check_parity
from d3d_tf.hub_export.check_parity import largest_differences
from d3d_tf.hub_export.cut_network import cut
from d3d_tf.hub_export.signature_inputs import ClipSpec
from tests.hub_export.practice import made

CLIP = ClipSpec(frames=3, size=8, short_side=10, shortest=1)


def test_the_same_network(exported):
    network, path = exported
    found = largest_differences(
        network, cut(network, "classification"), hub.load(str(path)), CLIP
    )
    assert len(found) == 7 and max(found.values()) < 1e-6


def test_another_network(exported):
    """Its bias is 0.5 more: every way in differs by it, and by less than that
    in units of a logit above 1.
    """
    network = made()
    *others, bias = network.get_weights()
    network.set_weights([*others, bias + 0.5])
    part = cut(network, "classification")
    found = largest_differences(network, part, hub.load(str(exported[1])), CLIP)
    assert found.pop("regularization") == 0
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, [2, 3, 8, 8, 3], np.uint8)
    largest = np.abs(network(np.float32(pixels / 127.5 - 1))).max()
    for difference in found.values():
        assert difference == pytest.approx(0.5 / max(largest, 1), rel=1e-4)


def test_lost_penalties_are_found(exported):
    """The module has those of two kernels; here one layer's are counted."""
    network, path = exported
    part = cut(network, "classification")
    kernel = network.layers[1].kernel
    fewer = dataclasses.replace(part, layers=[network.layers[1]])
    found = largest_differences(network, fewer, hub.load(str(path)), CLIP)
    ours = 0.01 * float(tf.reduce_sum(kernel**2))
    theirs = ours + 0.01 * float(tf.reduce_sum(network.layers[-1].kernel ** 2))
    assert found["regularization"] == pytest.approx(
        (theirs - ours) / max(1, ours), rel=1e-4
    )
    assert found["regularization"] > check_parity.TOLERANCE
