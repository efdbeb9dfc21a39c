"""The saved object: its input range, training flag, losses and checks."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from d3d_tf.hub_export.module import make_module
from d3d_tf.keras_api import keras
from d3d_tf.networks import S3DG
from tests.harness import randomize, softmax, tiny_network


class Mean(keras.Model):
    """Logits (m, 3 m) of the mean m of what the network is given."""

    def call(self, inputs, training=None):
        mean = tf.reduce_mean(inputs, axis=[1, 2, 3, 4])
        return tf.stack([mean, 3 * mean], axis=1)


def clip(value, dtype=np.float32):
    return tf.fill([2, 3, 4, 5, 3], np.array(value, dtype))


def test_module_maps_unit_range_to_the_networks():
    """[0, 1] outside is [-1, 1] inside: 0.25 is -0.5, logits -0.5 and -1.5."""
    module, _ = make_module(Mean())
    for outside, inside in ((0, -1), (0.25, -0.5), (0.5, 0), (1, 1)):
        logits = module.__call__(clip(outside))
        np.testing.assert_allclose(
            logits, [[inside, 3 * inside]] * 2, atol=1e-6
        )


def test_signatures_by_hand():
    """Byte 51 is 0.2, inside -0.6: logits -0.6 and -1.8."""
    _, signatures = make_module(Mean())
    assert set(signatures) == {"serving_default", "frames_uint8"}
    logits = np.array([[-0.6, -1.8]] * 2)
    for name, frames in (
        ("serving_default", clip(0.2)),
        ("frames_uint8", clip(51, np.uint8)),
    ):
        outputs = signatures[name](frames)
        assert set(outputs) == {"logits", "probabilities"}
        np.testing.assert_allclose(outputs["logits"], logits, atol=1e-5)
        np.testing.assert_allclose(
            outputs["probabilities"], softmax(logits), atol=1e-5
        )


def test_training_flag_reaches_batch_norm(seed):
    network = tiny_network()
    randomize(network)
    module, _ = make_module(network)
    frames = tf.random.uniform([2, 3, 4, 4, 3])
    before = network.get_weights()
    for training in (False, True):
        np.testing.assert_allclose(
            module.__call__(frames, training=training),
            network(frames * 2 - 1, training=training),
            atol=1e-5,
        )
        moved = [
            (old != new).any()
            for old, new in zip(before, network.get_weights(), strict=True)
        ]
        # Kernel, beta, moving mean and variance, kernel, bias.
        assert moved == [False, False, training, training, False, False]


def test_variables_are_the_networks():
    network = tiny_network()
    module, _ = make_module(network)
    assert len(module.variables) == 6
    assert len(module.trainable_variables) == 4


class Shell(tf.Module):
    """A network's variables and layers with nothing to compute."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def __call__(self, inputs, training=None):
        return tf.reduce_mean(inputs, axis=[1, 2, 3])


def test_every_kernel_of_s3dg_is_regularised():
    """114 kernels in the original (facts, 6); 1e-3 / 2 of their squares."""
    network = S3DG(3, depth_multiplier=1 / 64, min_depth=2, weight_decay=1e-3)
    network(tf.zeros([1, 2, 32, 32, 3]))
    module, _ = make_module(Shell(network))
    assert len(module.regularization_losses) == 114
    squares = sum(
        float(tf.reduce_sum(v**2))
        for v in network.trainable_variables
        if v.shape.rank == 5
    )
    total = sum(float(loss()) for loss in module.regularization_losses)
    assert total == pytest.approx(1e-3 * squares / 2, rel=1e-4)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`serve(signature, array)`: as a server would, past the lines of Python
    in which TensorFlow compares a request with the signature.
    """
    folder = str(tmp_path_factory.mktemp("module"))
    module, signatures = make_module(Mean())
    tf.saved_model.save(module, folder, signatures=signatures)
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph)
    with graph.as_default():
        meta = tf.compat.v1.saved_model.load(session, ["serve"], folder)

    def serve(signature, frames):
        description = meta.signature_def[signature]
        options = config_pb2.CallableOptions(
            feed=[description.inputs["frames"].name],
            fetch=[description.outputs["logits"].name],
        )
        return session._make_callable_from_options(options)(frames)[0]

    return serve


@pytest.mark.parametrize(
    "signature, dtype",
    [("serving_default", np.float32), ("frames_uint8", np.uint8)],
)
def test_a_server_refuses_wrong_shapes(served, signature, dtype):
    """Rank, channels and empty axes are checked in the graph itself."""
    good = served(signature, np.ones([1, 2, 4, 4, 3], dtype))
    assert good.shape == (1, 2)
    for shape in (
        [2, 4, 4, 3],
        [1, 1, 2, 4, 4, 3],
        [1, 2, 4, 4, 1],
        [1, 2, 4, 4, 4],
        [1, 0, 4, 4, 3],
        [1, 2, 0, 4, 3],
        [0, 2, 4, 4, 3],
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            served(signature, np.ones(shape, dtype))
