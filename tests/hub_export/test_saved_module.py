"""The saved object: its input range, training flag, losses and checks."""

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.hub_export.cut_network import cut
from d3d_tf.hub_export.saved_module import make_module, penalties
from d3d_tf.hub_export.signature_inputs import ClipSpec
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import S3DG
from tests.harness import (
    randomize,
    shallow_network,
    softmax,
    tiny_network,
)

CLIP = ClipSpec(frames=3, size=4, short_side=4, shortest=2)
SIGNATURES = {"serving_default", "frames_uint8", "frames_encoded"}


def mean_network():
    """Features: the mean of each channel. Logits: (m, 3 m) of their mean m."""
    frames = keras.Input([None, None, None, 3])
    means = keras.layers.GlobalAveragePooling3D()(frames)
    head = keras.layers.Dense(2, use_bias=False)
    network = keras.Model(frames, head(means))
    head.set_weights([np.float32([[1, 3]] * 3) / 3])
    return network


def module_of(network):
    return make_module(network, cut(network, "classification"), CLIP)


@pytest.fixture(scope="module")
def means():
    return module_of(mean_network())


def clip(value, dtype=np.float32):
    return tf.fill([2, 3, 4, 4, 3], np.array(value, dtype))


@pytest.mark.parametrize(
    "dtype", [tf.float32, tf.float16, tf.bfloat16, tf.uint8]
)
def test_module_maps_its_range_to_the_networks(means, dtype):
    """[0, 1] outside is [-1, 1] inside: 0.25 is -0.5, logits -0.5 and -1.5;
    of bytes 255 is 1.
    """
    top = 255 if dtype == tf.uint8 else 1
    for share, inside in ((0, -1), (0.2, -0.6), (1, 1)):
        frames = tf.cast(clip(share * top), dtype)
        logits = means[0].__call__(frames)
        assert logits.dtype == tf.float32
        # 0.2 is 0.19995 in float16 and 0.2002 in bfloat16.
        atol = 2e-3 if dtype.is_floating and dtype.size == 2 else 1e-6
        np.testing.assert_allclose(
            logits, [[inside, 3 * inside]] * 2, atol=atol
        )


def test_signatures_by_hand(means):
    """Byte 51 is 0.2, inside -0.6: logits -0.6 and -1.8."""
    _, signatures = means
    assert set(signatures) == SIGNATURES
    logits = np.array([[-0.6, -1.8]] * 2)
    picture = tf.io.encode_png(tf.fill([4, 4, 3], np.uint8(51)))
    for name, frames in (
        ("serving_default", clip(0.2)),
        ("frames_uint8", clip(51, np.uint8)),
        ("frames_encoded", tf.fill([2, 3], picture)),
    ):
        outputs = signatures[name](frames)
        assert set(outputs) == {"logits", "probabilities", "features"}
        np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)
        np.testing.assert_allclose(
            outputs["probabilities"], softmax(logits), atol=1e-5
        )
        np.testing.assert_allclose(
            outputs["features"], [[-0.6] * 3] * 2, atol=1e-5
        )


def agree_on_other_clips(module, signatures):
    for batch, time in ((1, 3), (2, 5)):
        frames = tf.random.uniform([batch, time, 4, 4, 3])
        expected = module.infer(frames)
        found = signatures["serving_default"](frames)["logits"]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_folded_weights_are_in_the_graph_once(tmp_path, seed):
    """For all three signatures, which need no variables and say what the
    trainable network says of clips of any number and length.

    Folding leaves the head's kernel as it is, so its bytes can be looked for.
    """
    network = shallow_network()
    randomize(network)
    module, signatures = module_of(network)
    agree_on_other_clips(module, signatures)
    tf.saved_model.save(tf.Module(), str(tmp_path), signatures=signatures)
    kernel = network.head.logits.kernel.numpy().tobytes()
    assert (tmp_path / "saved_model.pb").read_bytes().count(kernel) == 1


def test_an_empty_batch_has_an_empty_answer(means):
    for name, shape, dtype in (
        ("serving_default", [0, 3, 4, 4, 3], tf.float32),
        ("frames_uint8", [0, 3, 4, 4, 3], tf.uint8),
        ("frames_encoded", [0, 3], tf.string),
    ):
        outputs = means[1][name](tf.zeros(shape, dtype))
        assert outputs["logits"].shape == outputs["probabilities"].shape
        assert outputs["logits"].shape == (0, 2)
        assert outputs["features"].shape == (0, 3)


def test_training_flag_reaches_batch_norm(seed):
    """By the argument, and by the functions for Keras 3's TFSMLayer."""
    network = tiny_network()
    randomize(network)
    module, _ = module_of(network)
    frames = tf.random.uniform([2, 3, 4, 4, 3])
    start = network.get_weights()
    for call, training in (
        (lambda x: module.__call__(x, training=False), False),
        (lambda x: module.__call__(x, training=True), True),
        (module.infer, False),
        (module.train, True),
    ):
        network.set_weights(start)
        expected = network(frames * 2 - 1, training=training)
        network.set_weights(start)
        np.testing.assert_allclose(call(frames), expected, atol=1e-5)
        moved = [
            (old != new).any()
            for old, new in zip(start, network.get_weights(), strict=True)
        ]
        # Kernel, beta, moving mean and variance, kernel, bias.
        assert moved == [False, False, training, training, False, False]


def test_dropout_has_a_seed_of_its_own(tmp_path):
    """As determinism wants it, whatever the process was given: the same draws
    after each load, and others in each call.
    """
    network = tiny_network(dropout=0.5)
    try:
        tf.random.set_seed(None)
        module, _ = module_of(network)
    finally:
        tf.random.set_seed(0)
    tf.saved_model.save(module, str(tmp_path))
    frames = np.random.default_rng(0).random([2, 3, 4, 4, 3], np.float32)
    first, again = (tf.saved_model.load(str(tmp_path)) for _ in range(2))
    draws = [loaded.train(frames) for loaded in (first, first, again)]
    np.testing.assert_array_equal(draws[0], draws[2])
    assert np.any(draws[0] != draws[1])


def test_variables_are_the_networks():
    network = tiny_network()
    module, _ = module_of(network)
    assert len(module.variables) == 6
    assert len(module.trainable_variables) == 4


def test_every_kernel_of_s3dg_is_regularised():
    """114 kernels in the original (facts, 6); 1e-3 / 2 of their squares."""
    network = S3DG(3, depth_multiplier=1 / 64, min_depth=2, weight_decay=1e-3)
    network(tf.zeros([1, 2, 32, 32, 3]))
    losses = penalties(cut(network, "classification").layers)
    assert len(losses) == 114
    squares = sum(
        float(tf.reduce_sum(v**2))
        for v in network.trainable_variables
        if v.shape.rank == 5
    )
    total = sum(float(loss()) for loss in losses)
    assert total == pytest.approx(1e-3 * squares / 2, rel=1e-4)


def test_biases_are_regularised_too():
    """0.25 times three squares of 1, and 0.5 times one of 2."""
    layer = keras.layers.Dense(
        1,
        kernel_regularizer=keras.regularizers.L2(0.25),
        bias_regularizer=keras.regularizers.L2(0.5),
    )
    layer.build([None, 3])
    layer.set_weights([np.ones([3, 1]), np.full([1], 2)])
    losses = penalties([layer])
    assert sorted(float(loss()) for loss in losses) == [0.75, 2]


def test_an_answer_that_is_no_number_is_an_error(seed):
    """Of weights that are none; the input is right."""
    network = tiny_network()
    network.set_weights([w * np.nan for w in network.get_weights()])
    _, signatures = module_of(network)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"):
        signatures["serving_default"](tf.zeros([1, 3, 4, 4, 3]))
