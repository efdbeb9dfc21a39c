"""A detector's module in Python, in Keras and in TensorFlow's C++."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from benchmarks.cpp_runtime import INVALID_ARGUMENT, CppRuntime
from benchmarks.hostile import attack
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.hub_export.detection.inputs import KeyframeSpec
from d3d_tf.hub_export.detection.module import asked_layers, make_module
from tests.harness.tiny import X3D
from tests.hub_export.detection.conftest import LABELS, made

PIXELS = np.random.default_rng(0).integers(0, 256, [2, 4, 36, 48, 3], np.uint8)
UNIT = np.float32(PIXELS / 255)
BOXES = np.float32(
    [
        [[0.1, 0.2, 0.9, 0.5], [0, 0, 1, 1], [0, 0, 0, 0]],
        [[0.3, 0.4, 0.6, 0.9], [0.5, 0.1, 0.5, 0.8], [0.2, 0, 1, 0.4]],
    ]
)
# The third of the first clip, and the second of the other: no height.
THERE = np.float32([[1, 1, 0], [1, 0, 1]])[..., None]


def clips():
    encoded = [
        [cv2.imencode(".png", f[..., ::-1])[1].tobytes() for f in clip]
        for clip in PIXELS
    ]
    return {
        "serving_default": UNIT,
        "frames_uint8": PIXELS,
        "frames_encoded": np.array(encoded, object),
    }


def expected(network):
    """Of the network; none of boxes without an area."""
    frames = network.pixels.from_unit(UNIT)
    probabilities, where = network.detect(frames, BOXES)
    return {
        "probabilities": probabilities.numpy() * THERE,
        "boxes": where.numpy() * THERE,
    }


@pytest.mark.parametrize("signature", list(clips()))
def test_signatures_in_cpp(exported, runtime, signature):
    answer = runtime.ask(signature, frames=clips()[signature], boxes=BOXES)
    assert (answer.code, answer.message) == (0, "")
    right = expected(exported[0])
    assert answer.outputs.keys() == right.keys()
    for name, value in right.items():
        np.testing.assert_allclose(answer.outputs[name], value, atol=1e-5)
    # They say something: boxes move, actions differ.
    assert np.abs(right["boxes"] - BOXES).max() > 0.01
    assert np.ptp(right["probabilities"]) > 0.01


@pytest.mark.parametrize("signature", list(clips()))
@pytest.mark.parametrize("count", [0, 1, 65, 1000])
def test_any_number_of_boxes(runtime, signature, count):
    frames = clips()[signature][:1]
    boxes = np.tile(BOXES[:1, :1], [1, count, 1])
    answer = runtime.ask(signature, frames=frames, boxes=boxes)
    assert answer.code == 0, answer.message
    alone = runtime.ask(signature, frames=frames, boxes=BOXES[:1, :1])
    for name, size in (("probabilities", len(LABELS)), ("boxes", 4)):
        found = answer.outputs[name]
        assert found.shape == (1, count, size)
        right = np.broadcast_to(alone.outputs[name], found.shape)
        np.testing.assert_allclose(found, right, atol=1e-5)


@pytest.mark.parametrize("signature", list(clips()))
def test_an_empty_batch(runtime, signature):
    answer = runtime.ask(
        signature, frames=clips()[signature][:0], boxes=BOXES[:0]
    )
    assert answer.code == 0, answer.message
    assert answer.outputs["probabilities"].shape == (0, 3, len(LABELS))


@pytest.mark.parametrize(
    "inputs, words",
    [
        ({"frames": UNIT, "boxes": BOXES[:1]}, "as many clips as frames"),
        ({"frames": UNIT, "boxes": BOXES * np.nan}, "as shares of the frame"),
        ({"frames": UNIT * np.nan, "boxes": BOXES}, "[0, 1]"),
        ({"frames": UNIT[..., :1], "boxes": BOXES}, "not compatible"),
        ({"frames": UNIT, "boxes": BOXES[0]}, "not compatible"),
        ({"frames": UNIT[:, :, :20], "boxes": BOXES}, "at least 32 pixels"),
    ],
)
def test_refused_in_cpp(runtime, inputs, words):
    answer = runtime.ask("serving_default", **inputs)
    assert answer.code == INVALID_ARGUMENT
    assert words in answer.message


def test_a_hundred_hostile_requests(exported):
    """The short form of `make hostile`."""
    report = attack(exported[1], requests=100, seed=0)
    assert report["crashes"] == []
    assert report["not_finite"] == 0
    assert report["wrong"] == 0
    answers = report["answers"]
    assert answers["OK"] >= 20 and answers["INVALID_ARGUMENT"] >= 20
    assert sum(answers.values()) == 100


def test_a_keras_layer_trains(exported):
    """Its answers are the network's; all it asks has a gradient."""
    network, path = exported
    layer = hub.KerasLayer(str(path), trainable=True)
    inputs = {"frames": UNIT, "boxes": BOXES}
    logits, offsets = network(
        {"frames": network.pixels.from_unit(UNIT), "boxes": BOXES}
    )
    answer = layer(inputs)
    np.testing.assert_allclose(answer["logits"], logits, atol=1e-5)
    where = network.where(BOXES, offsets)
    np.testing.assert_allclose(answer["boxes"], where, atol=1e-6)
    with tf.GradientTape() as tape:
        answer = layer(inputs, training=True)
        loss = tf.reduce_sum(answer["logits"]) + tf.reduce_sum(answer["boxes"])
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert all(gradient is not None for gradient in gradients)
    trained = [v for x in asked_layers(network) for v in x.trainable_variables]
    assert len(gradients) == len(trained) > 8


def test_under_a_policy_of_mixed_precision(exported, precision):
    """Frames and boxes come in half precision; the answer is of float32."""
    network, path = exported
    precision("mixed_bfloat16")
    layer = hub.KerasLayer(str(path))
    answer = layer({"frames": UNIT, "boxes": BOXES})
    assert answer["logits"].dtype == tf.float32
    frames = network.pixels.from_unit(UNIT)
    logits, _ = network({"frames": frames, "boxes": BOXES})
    np.testing.assert_allclose(answer["logits"], logits, atol=0.2)
    assert np.ptp(logits) > 0.4


def test_infer_and_train(loaded, exported):
    """For Keras 3's TFSMLayer; bytes are accepted, too."""
    inputs = {"frames": tf.constant(UNIT), "boxes": tf.constant(BOXES)}
    plain = loaded(inputs)["logits"]
    found = loaded.infer(inputs)["logits"]
    np.testing.assert_allclose(found, plain, atol=1e-6)
    as_bytes = inputs | {"frames": tf.constant(PIXELS)}
    np.testing.assert_allclose(loaded(as_bytes)["logits"], plain, atol=1e-5)
    # Half of what is under a box is dropped.
    dropped = loaded.train(inputs)["logits"]
    assert np.abs(dropped - plain).max() > 1e-3


def test_penalties_are_those_of_what_is_asked():
    """Of each kernel up to the tail's end half its squares; not the head's."""
    network = made(weight_decay=1.0)
    module, _ = make_module(network, KeyframeSpec(4, 36, 2), fold=False)
    found = sorted(float(loss()) for loss in module.regularization_losses)
    kernels = [v for v in module.variables if v.shape.rank == 5]
    right = sorted(float(tf.reduce_sum(v**2)) / 2 for v in kernels)
    np.testing.assert_allclose(found, right, rtol=1e-5)
    assert len(kernels) == 5  # 1a, 2b and 2c: 2, 1, 2.


@pytest.mark.large
def test_of_x3d():
    """No tail, the largest value, boxes stay."""
    recipe = DetectorRecipe(
        endpoint="res5", tail=False, pooling="max", refine=False
    )
    network = made(recipe, case=X3D)
    _, signatures = make_module(network, KeyframeSpec(4, 36, 1))
    found = signatures["serving_default"](frames=UNIT, boxes=BOXES)
    frames = network.pixels.from_unit(UNIT)
    probabilities, _ = network.detect(frames, BOXES)
    np.testing.assert_allclose(
        found["probabilities"], probabilities * THERE, atol=1e-4
    )
    np.testing.assert_array_equal(found["boxes"], BOXES * THERE)


@pytest.mark.large
@pytest.mark.card
def test_with_an_rpn(finding):
    """Frames alone; who is found is asked about, and NMS drops repetitions."""
    network, path = finding
    probabilities, boxes = network.detect_persons(
        network.pixels.from_unit(UNIT)
    )
    assert (probabilities.numpy() > 0).any(2).sum(1).min() > 0
    with CppRuntime(path) as runtime:
        for signature, frames in clips().items():
            answer = runtime.ask(signature, frames=frames)
            assert answer.code == 0, answer.message
            found = answer.outputs["probabilities"]
            assert found.shape == (2, 6, len(LABELS))
            np.testing.assert_allclose(found, probabilities, atol=1e-5)
            found = answer.outputs["boxes"]
            np.testing.assert_allclose(found, boxes, atol=1e-5)
            none = runtime.ask(signature, frames=frames[:0])
            assert none.outputs["boxes"].shape == (0, 6, 4)
    report = attack(path, requests=60, seed=1)
    assert report["crashes"] == []
    assert report["not_finite"] == report["wrong"] == 0
    assert report["answers"]["OK"] >= 15


@pytest.mark.large
@pytest.mark.card
def test_the_layer_with_an_rpn_is_asked_about_boxes(finding):
    """As for fine-tuning; and the RPN's weights are its own."""
    network, path = finding
    layer = hub.KerasLayer(str(path), trainable=True)
    frames = network.pixels.from_unit(UNIT)
    logits, _ = network({"frames": frames, "boxes": BOXES})
    answer = layer({"frames": UNIT, "boxes": BOXES})
    np.testing.assert_allclose(answer["logits"], logits, atol=1e-5)
    assert len(layer.weights) == sum(
        len(x.variables) for x in asked_layers(network)
    )
