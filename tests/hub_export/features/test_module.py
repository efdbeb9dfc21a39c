"""A module of features in Python, in Keras and in TensorFlow's C++."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from benchmarks.cpp_runtime import INVALID_ARGUMENT, CppRuntime
from benchmarks.hostile import attack
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.data.youtube8m import feature_batches, open_features
from d3d_tf.hub_export.cut_network import CLASSIFICATION, video_part
from d3d_tf.hub_export.features.inputs import FeatureSpec
from d3d_tf.hub_export.features.module import make_module
from d3d_tf.keras_api import keras
from tests.harness.tiny import HRNN, NEXTVLAD, VLAD_MIXTURE
from tests.hub_export.features.conftest import (
    BYTES,
    FEATURES,
    LABELS,
    NUM_FRAMES,
    asked,
    by_hand,
    export,
    made,
)

ALL = FrameSamplingRecipe()


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("signature", list(asked()))
def test_signatures_in_cpp(exported, runtime, signature):
    answer = runtime.ask(signature, **asked()[signature])
    assert (answer.code, answer.message) == (0, "")
    logits = by_hand(exported[0])
    assert np.ptp(logits) > 0.1  # They say something.
    right = {"logits": logits, "probabilities": sigmoid(logits)}
    assert answer.outputs.keys() == right.keys()
    for name, value in right.items():
        np.testing.assert_allclose(answer.outputs[name], value, atol=1e-5)


def test_padding_changes_no_answer(runtime):
    """That of a short video alone, and with others' numbers as padding."""
    both = runtime.ask("serving_default", **asked()["serving_default"])
    alone = runtime.ask("without_padding", features=FEATURES[1:, :70])
    np.testing.assert_allclose(
        alone.outputs["logits"][0], both.outputs["logits"][1], atol=1e-6
    )


@pytest.mark.parametrize("signature", list(asked()))
def test_an_empty_batch(runtime, signature):
    inputs = {name: value[:0] for name, value in asked()[signature].items()}
    answer = runtime.ask(signature, **inputs)
    assert answer.code == 0, answer.message
    assert answer.outputs["probabilities"].shape == (0, len(LABELS))


BAD = FEATURES.copy()
BAD[1, 3, 7] = np.nan


@pytest.mark.parametrize(
    "signature, inputs, words",
    [
        ("serving_default", {"features": BAD}, "[-2, 2]"),
        ("serving_default", {"features": FEATURES[..., :1024]}, "compatible"),
        ("serving_default", {"features": FEATURES[0]}, "compatible"),
        ("serving_default", {"features": FEATURES[:, :0]}, "1 to 300 frames"),
        ("serving_default", {"num_frames": -NUM_FRAMES}, "from 1 to"),
        ("serving_default", {"num_frames": NUM_FRAMES + 1}, "from 1 to"),
        ("serving_default", {"num_frames": NUM_FRAMES[:1]}, "as many videos"),
        (
            "serving_default",
            {"num_frames": np.array(130, np.int32)},
            "compatible",
        ),
        (
            "features_uint8",
            {"features": np.zeros([2, 10_000, 1152], np.uint8)},
            "1 to 300 frames",
        ),
        (
            "rgb_audio_uint8",
            {"audio": BYTES[..., 1023:]},
            "compatible",
        ),
        (
            "rgb_audio_uint8",
            {"audio": BYTES[:, 1:, 1024:]},
            "as many videos and frames",
        ),
    ],
)
def test_refused_in_cpp(runtime, signature, inputs, words):
    answer = runtime.ask(signature, **asked()[signature] | inputs)
    assert answer.code == INVALID_ARGUMENT
    assert words in answer.message


def test_two_hundred_hostile_requests(exported):
    """The short form of `make hostile`."""
    report = attack(exported[1], requests=200, seed=0)
    assert report["crashes"] == []
    assert report["not_finite"] == 0
    assert report["wrong"] == 0
    answers = report["answers"]
    assert answers["OK"] >= 50 and answers["INVALID_ARGUMENT"] >= 50


@pytest.mark.parametrize(
    "case, way",
    [
        (NEXTVLAD, "uniform"),
        # Its gate looks at padding, too.
        pytest.param(VLAD_MIXTURE, "all", marks=pytest.mark.large),
        pytest.param(VLAD_MIXTURE, "middle", marks=pytest.mark.large),
        pytest.param(HRNN, "uniform", marks=pytest.mark.large),
    ],
)
def test_records_as_the_pipeline_has_them(goldens, tmp_path, case, way):
    """The kit's file, whose videos have from 2 to more than 300 frames."""
    source = goldens / "yt8m" / "reader" / "tiny_frames.tfrecord"
    (tmp_path / "validate0000.tfrecord").symlink_to(source)
    sampling = FrameSamplingRecipe(way=way, k=6)
    files = open_features(tmp_path, "validation", 3862)
    batches = feature_batches(
        files,
        batch_size=12,
        training=False,
        sampling=sampling,
        also_all=True,
    )
    ((inputs, _),) = batches
    network = made(case)
    expected = network(inputs["features"]).numpy()
    part = video_part(network, CLASSIFICATION, None, "youtube8m")
    _, signatures = make_module(network, part, FeatureSpec(sampling))
    features, num_frames = inputs["all_features"]
    found = signatures["serving_default"](
        features=features, num_frames=num_frames
    )
    assert num_frames.numpy().max() == 300 and np.ptp(expected) > 0.01
    np.testing.assert_allclose(found["logits"], expected, atol=1e-5)
    np.testing.assert_allclose(
        found["probabilities"], sigmoid(expected), atol=1e-5
    )
    # Not padded to 300 by the caller.
    (short,) = np.flatnonzero(num_frames == np.min(num_frames))[:1]
    alone = features[short, : num_frames[short]][None]
    found = signatures["without_padding"](features=alone)["logits"]
    np.testing.assert_allclose(found[0], expected[short], atol=1e-5)


@pytest.mark.large
def test_h_rnn_in_cpp(tmp_path):
    """Its LSTMs are loops in the graph."""
    network = made(HRNN)
    with CppRuntime(export(network, tmp_path)) as runtime:
        answer = runtime.ask("serving_default", **asked()["serving_default"])
        empty = runtime.ask(
            "features_uint8", features=BYTES[:0], num_frames=NUM_FRAMES[:0]
        )
    assert (answer.code, answer.message) == (0, "")
    np.testing.assert_allclose(
        answer.outputs["logits"], by_hand(network), atol=1e-5
    )
    assert empty.outputs["logits"].shape == (0, len(LABELS))


@pytest.mark.parametrize("trainable", [True, False])
def test_a_keras_layer_trains(exported, trainable):
    """All variables and averages move, or none do; penalties are Keras'."""
    network, path = exported
    layer = hub.KerasLayer(str(path), trainable=trainable)
    inputs = {"features": FEATURES, "num_frames": NUM_FRAMES}
    np.testing.assert_allclose(layer(inputs), by_hand(network), atol=1e-5)
    before = [v.numpy() for v in layer.variables]
    assert len(before) == len(network.variables)
    theirs, ours = float(sum(layer.losses)), float(sum(network.losses))
    assert ours > 0
    assert theirs == pytest.approx(ours if trainable else 0, rel=1e-5)
    model = keras.Sequential([layer])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    labels = np.float32([[1, 0, 1], [0, 1, 0]])
    model.fit(FEATURES, labels, epochs=2, verbose=0)
    for v, old in zip(layer.variables, before, strict=True):
        moved = (v.numpy() != old).any()
        # A normalisation takes out the shifts before it.
        assert moved == trainable or (trainable and "/beta" in v.name), v.name


def test_ways_to_call_it(exported, loaded):
    """Alone all frames count; bytes and half precision are taken, too."""
    expected = by_hand(exported[0])
    inputs = {"features": FEATURES, "num_frames": NUM_FRAMES}
    for given in (inputs, inputs | {"features": BYTES}):
        given = {k: tf.constant(v) for k, v in given.items()}
        np.testing.assert_allclose(loaded(given), expected, atol=1e-5)
    alone = loaded(tf.constant(FEATURES[1:, :70]))
    np.testing.assert_allclose(alone[0], expected[1], atol=1e-5)
    half = loaded(tf.constant(FEATURES[1:, :70], tf.bfloat16))
    assert half.dtype == tf.float32
    np.testing.assert_allclose(half[0], expected[1], atol=0.2)
    given = {k: tf.constant(v) for k, v in inputs.items()}
    np.testing.assert_allclose(loaded.infer(given), expected, atol=1e-5)
    # Batch statistics are not the averages.
    assert np.abs(loaded.train(given) - expected).max() > 1e-3
