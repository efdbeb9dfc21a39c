"""RGB to flow to features."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.models.learned_flow.config import LearnedFlowRecipe
from d3d_tf.models.learned_flow.trunk import LearnedFlowTrunk
from tests.harness.tiny import LEARNED_FLOW

CLIP = LEARNED_FLOW.clips(2, (5, 16, 24))


def decodes(trunk, polar):
    """Has a trunk decode these (mag, sin, cos) whatever it is shown."""
    for variable in trunk.decoder.variables:
        variable.assign(tf.zeros_like(variable))
    trunk.decoder.predict.bias.assign(polar)


def test_a_known_flow_is_what_the_temporal_part_sees():
    """5 pixels along (0.8, 0.6), by hand: u = 4, v = 3; / 20: 0.2, 0.15."""
    trunk = LEARNED_FLOW.network().trunk
    decodes(trunk, [5.0, 0.6, 0.8])
    flow = trunk.flow(CLIP)
    assert flow.dtype == tf.float32
    known = np.broadcast_to(np.float32([4, 3]), [2, 5, 16, 24, 2])
    np.testing.assert_allclose(flow, known, rtol=1e-6)
    seen = np.broadcast_to(np.float32([0.2, 0.15]), known.shape)
    expected = trunk.temporal(tf.constant(seen), training=False)
    found = trunk(CLIP, training=False)
    assert list(found) == list(expected) == list(trunk.endpoints)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6)


def test_where_and_when_a_decoded_vector_is():
    """Features at 1a: 3 of 5 frames, 2 x 2 of 4 x 4 places.

    By hand: clip frames 0 to 4 have those of feature frames 0, 0, 1, 1, 2.
    Bilinear, by the places' centres: of two places a and b, four are a, 3/4 a
    + 1/4 b, 1/4 a + 3/4 b, b.
    """
    recipe = dataclasses.replace(
        LEARNED_FLOW.recipe, flow_endpoint="Conv2d_1a_7x7"
    )
    trunk = LearnedFlowTrunk(recipe)
    polar = np.zeros([1, 3, 2, 2, 3], np.float32)
    polar[..., 0] = [[[1, 5], [1, 5]], [[2, 2], [6, 6]], [[-3, -3], [-3, -3]]]
    polar[..., 2] = 1  # To the right: u = mag, v = 0.
    trunk.decoder = lambda features: tf.constant(polar)
    flow = trunk.flow(np.zeros([1, 5, 4, 4, 3], np.float32)).numpy()
    across, down = np.float32([1, 2, 4, 5]), np.float32([2, 3, 5, 6])
    for frame in 0, 1:
        np.testing.assert_allclose(flow[0, frame, ..., 0], [across] * 4)
    for frame in 2, 3:
        np.testing.assert_allclose(flow[0, frame, ..., 0].T, [down] * 4)
    np.testing.assert_allclose(flow[0, 4, ..., 0], np.full([4, 4], -3))
    np.testing.assert_array_equal(flow[..., 1], 0)


def test_its_parts_end_where_they_should():
    recipe = dataclasses.replace(
        LEARNED_FLOW.recipe, flow_endpoint="Conv2d_2b_1x1"
    )
    trunk = LearnedFlowTrunk(recipe)
    trunk(CLIP)
    assert trunk.predictor.endpoints[-1] == "Conv2d_2b_1x1"
    assert trunk.temporal.endpoints == trunk.endpoints == recipe.endpoints
    assert (trunk.channels, trunk.temporal.channels) == (3, 2)


def test_labels_train_every_part():
    network = LEARNED_FLOW.network()
    trunk = network.trunk
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(CLIP, training=True)[:, 0] ** 2)
    parts = {
        "predictor": trunk.predictor.trainable_variables,
        "decoder": trunk.decoder.trainable_variables,
        "temporal": trunk.temporal.trainable_variables,
    }
    for name, slopes in tape.gradient(loss, parts).items():
        assert any(np.abs(slope).max() > 1e-7 for slope in slopes), name


@pytest.mark.parametrize("training", [False, True])
def test_a_shape_that_is_known_stays_known(training):
    trunk = LEARNED_FLOW.network().trunk
    flow = tf.function(lambda clip: trunk.flow(clip, training))
    for shape in [2, 5, 16, 24], [None, None, None, None]:
        spec = tf.TensorSpec([*shape, 3])
        traced = flow.get_concrete_function(spec)
        assert traced.structured_outputs.shape.as_list() == [*shape, 2]


def test_averages_of_both_move_in_training_alone():
    trunk = LearnedFlowTrunk(LearnedFlowRecipe(**small()))
    trunk(CLIP)
    norms = [m for m in trunk.submodules if hasattr(m, "moving_mean")]
    assert len(norms) == 2  # One in each S3D-G.
    for training in False, True:
        before = [norm.moving_mean.numpy() for norm in norms]
        trunk(CLIP, training=training)
        for norm, value in zip(norms, before, strict=True):
            assert (norm.moving_mean != value).numpy().any() == training


def small():
    end = "Conv2d_1a_7x7"
    return {
        "depth_multiplier": 1 / 64,
        "min_depth": 3,
        "final_endpoint": end,
        "flow_endpoint": end,
    }
