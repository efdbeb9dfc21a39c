"""Which part of a network a kind of module holds."""

import math

import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.hub_export.cut_network import Part, architecture, cut
from d3d_tf.keras_api import keras
from d3d_tf.models.inception.networks import I3D, S3DG
from d3d_tf.tasks import TASKS
from tests.harness import randomize, tiny_network


@pytest.fixture(scope="module")
def s3dg():
    network = S3DG(3, depth_multiplier=1 / 64, min_depth=2)
    network(tf.zeros([1, 2, 32, 32, 3]))
    randomize(network)
    return network


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    return tf.constant(rng.uniform(-1, 1, [2, 8, 32, 32, 3]), tf.float32)


def test_classification_is_the_whole(s3dg, frames):
    part = cut(s3dg, "classification")
    outputs = part.forward(frames, False)
    np.testing.assert_allclose(outputs["logits"], s3dg(frames), atol=1e-6)
    assert len(part.variables_of(s3dg)) == len(s3dg.variables)
    # Time is halved by Conv2d_1a, MaxPool_4a and MaxPool_5a.
    assert part.shortest == 8


def test_logits_are_made_of_the_feature_vector(s3dg, frames):
    """By the head's convolution; it is all that the part lacks."""
    part = cut(s3dg, "feature_vector")
    outputs = part.forward(frames, False)
    assert outputs.keys() == {"features"}
    kernel, bias = s3dg.head.get_weights()
    np.testing.assert_allclose(
        outputs["features"] @ kernel[0, 0, 0] + bias, s3dg(frames), atol=1e-4
    )
    assert len(part.variables_of(s3dg)) == len(s3dg.variables) - 2


def test_a_feature_map_is_the_endpoint(s3dg, frames):
    """Conv2d_1a and 2b have a kernel, beta and two averages; 2c has them, a
    kernel and bias in time, and the kernel of its gate.
    """
    part = cut(s3dg, "feature_map", "Conv2d_2c_3x3")
    outputs = part.forward(frames, False)
    np.testing.assert_array_equal(
        outputs["features"], s3dg.features(frames)["Conv2d_2c_3x3"]
    )
    assert len(part.variables_of(s3dg)) == 4 + 4 + 7
    assert part.shortest == 2


def test_a_functional_model_is_cut_before_its_last_layer(frames):
    network = tiny_network(num_classes=2)
    randomize(network)
    outputs = cut(network, "classification").forward(frames, False)
    np.testing.assert_allclose(outputs["logits"], network(frames), atol=1e-6)
    kernel, bias = network.layers[-1].get_weights()
    np.testing.assert_allclose(
        outputs["features"] @ kernel + bias, outputs["logits"], atol=1e-5
    )
    name = network.layers[1].name
    part = cut(network, "feature_map", name)
    assert len(part.variables_of(network)) == 1
    np.testing.assert_allclose(
        part.forward(frames, False)["features"],
        network.layers[1](frames),
        atol=1e-6,
    )


class Unknown(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("kind", "endpoint", "text"),
    [
        ("logits", None, "kind classification, .*; got 'logits'"),
        ("feature_map", None, "goes with the kind feature_map"),
        ("classification", "Mixed_4f", "goes with the kind feature_map"),
        ("feature_map", "Mixed_9z", "Mixed_9z.*Mixed_5c"),
    ],
)
def test_what_is_not_there(s3dg, kind, endpoint, text):
    with pytest.raises(UserError, match=text):
        cut(s3dg, kind, endpoint)


def test_other_models_are_refused():
    with pytest.raises(UserError, match="Unknown is neither"):
        cut(Unknown(), "classification")
    with pytest.raises(UserError, match="No such layer: nowhere"):
        cut(tiny_network(), "feature_map", "nowhere")


def test_what_a_network_is_besides_its_weights():
    """Names that Keras counts up, as of the second, tell nothing."""
    network = tiny_network(dropout=0.5)
    again = tiny_network(dropout=0.5)
    assert network.layers[1].name != again.layers[1].name
    assert architecture(network) == architecture(again)
    others = [
        tiny_network(dropout=0.4),
        tiny_network(dropout=0.5, momentum=0.8),
        tiny_network(dropout=0.5, weight_decay=0.1),
        S3DG(3),
        S3DG(3, head_pooling="global"),
        I3D(3),
    ]
    assert len({architecture(n) for n in [network, *others]}) == 7


def test_a_network_without_variables():
    for network in (
        S3DG(3, name="fresh"),
        keras.Sequential([keras.layers.Dense(3)], name="fresh"),
    ):
        with pytest.raises(UserError, match="fresh has no variables yet"):
            cut(network, "classification")


def test_a_network_of_flow(s3dg):
    network = S3DG(3, depth_multiplier=1 / 64, min_depth=2, name="motion")
    network(tf.zeros([1, 2, 32, 32, 2]))
    with pytest.raises(UserError, match="motion takes frames of 2 channels"):
        cut(network, "classification")


@pytest.mark.parametrize("network", ["runs/toy", tf.Module()])
def test_what_is_no_network(network):
    with pytest.raises(UserError, match="neither a network of d3d_tf nor"):
        cut(network, "classification")


def test_what_has_no_one_output_of_one_layer():
    """Stacked upon each other, tensors would be another thing."""
    clip = keras.Input([None, None, None, 3])
    means = keras.layers.GlobalAveragePooling3D()(clip)
    one, two = keras.layers.Dense(3)(means), keras.layers.Dense(3)(means)
    other = keras.Input([None, None, None, 3])
    pair = keras.layers.Add()([clip, other])
    for inputs, outputs, message in (
        (clip, [one, two], "has 1 inputs and 2 outputs"),
        ([clip, other], pair, "has 2 inputs and 1 outputs"),
        (clip, keras.layers.Add(name="sum")([one, two]), "last layer, sum, t"),
        (clip, keras.layers.Conv3D(3, 1)(clip), "have 5 axes"),
    ):
        with pytest.raises(UserError, match=message):
            cut(keras.Model(inputs, outputs), "classification")


def test_a_last_layer_that_is_a_network():
    """Its own layers make the logits of the features."""
    head = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    network = keras.Sequential(
        [
            keras.Input([None, None, None, 3]),
            keras.layers.GlobalAveragePooling3D(),
            head,
        ]
    )
    clips = np.zeros([1, 2, 4, 4, 3], np.float32) + [0.1, 0.2, 0.3]
    outputs = cut(network, "classification").forward(clips, False)
    np.testing.assert_allclose(
        outputs["features"], [[0.1, 0.2, 0.3]], rtol=1e-5
    )
    np.testing.assert_allclose(outputs["logits"], network(clips))


def test_a_map_before_a_last_layer_of_several_tensors(frames):
    clip = keras.Input([None, None, None, 3])
    half = keras.layers.Rescaling(0.5, name="half")(clip)
    network = keras.Model(clip, keras.layers.Add()([clip, half]))
    outputs = cut(network, "feature_map", "half").forward(frames, False)
    np.testing.assert_allclose(outputs["features"], frames * 0.5)


def test_probabilities_are_the_tasks(monkeypatch):
    """exp(0) : exp(ln 3) = 1 : 3; `tests/regression.py` takes the first."""
    monkeypatch.setitem(TASKS, "regression", "tests.regression")
    outputs = {"logits": tf.constant([[0.0, math.log(3)]])}
    for task, expected in (
        ("classification", [[0.25, 0.75]]),
        ("regression", [[0.0]]),
    ):
        part = Part(lambda *clip: outputs, [], 1, "classification", task=task)
        found = part.with_probabilities(outputs)
        np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-6)
    assert part.with_probabilities({"features": 1}) == {"features": 1}
