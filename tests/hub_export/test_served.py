"""The module in TensorFlow's C++ run time, as TF Serving runs it.

No Python of TensorFlow's is between a request and the graph: what the graph
does not refuse, happens.
"""

import struct

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from benchmarks.cpp_runtime import INVALID_ARGUMENT, CppRuntime
from benchmarks.hostile import attack
from d3d_tf.hub_export.export import export_module
from d3d_tf.models.inception.networks import S3DG


def strings(values):
    return np.array(values, object)


def png(picture):
    return tf.io.encode_png(np.uint8(picture)).numpy()


def clips():
    """Two clips for each signature, the middle 8 x 8 of 10 x 10 pixels."""
    frames = np.random.default_rng(1).integers(
        0, 256, [2, 3, 10, 10, 3], np.uint8
    )
    crops = frames[:, :, 1:9, 1:9]
    return {
        "serving_default": np.float32(crops / 255),
        "frames_uint8": crops,
        "frames_encoded": strings(
            [[png(frame) for frame in clip] for clip in frames]
        ),
    }


@pytest.mark.parametrize("signature", list(clips()))
def test_golden_outputs(exported, runtime, signature):
    """Those of Python, which are the network's (test_export.py)."""
    frames = clips()[signature]
    loaded = tf.saved_model.load(str(exported[1]))
    given = tf.constant(frames.tolist() if frames.ndim == 2 else frames)
    expected = loaded.signatures[signature](frames=given)
    answer = runtime.ask(signature, frames=frames)
    assert (answer.code, answer.message) == (0, "")
    assert answer.outputs.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(answer.outputs[name], value, atol=1e-6)


GOOD = png(np.zeros([10, 10, 3]))
HUGE = GOOD[:16] + struct.pack(">II", 2**15, 2**15) + GOOD[24:]
REFUSED = [
    *(
        (signature, np.full(shape, 1, dtype), "not compatible with expected")
        for signature, dtype in (
            ("serving_default", np.float32),
            ("frames_uint8", np.uint8),
        )
        for shape in (
            [],
            [3, 8, 8, 3],
            [1, 1, 3, 8, 8, 3],
            [1, 3, 8, 8, 1],
            [1, 3, 8, 8, 4],
            [1, 3, 9, 8, 3],
            [1, 3, 8, 7, 3],
        )
    ),
    ("serving_default", np.ones([1, 0, 8, 8, 3], np.float32), "1 to 48 frames"),
    ("frames_uint8", np.ones([1, 49, 8, 8, 3], np.uint8), "1 to 48 frames"),
    ("serving_default", np.ones([1, 3, 8, 8, 3], np.uint8), "to be float"),
    ("frames_uint8", np.ones([1, 3, 8, 8, 3], np.float32), "to be uint8"),
    ("serving_default", np.full([1, 3, 8, 8, 3], 255, np.float32), "[0, 1]"),
    (
        "serving_default",
        np.full([1, 3, 8, 8, 3], np.nan, np.float32),
        "[0, 1]",
    ),
    ("frames_encoded", np.ones([1, 3], np.uint8), "to be string"),
    ("frames_encoded", strings([GOOD]), "not compatible with expected"),
    ("frames_encoded", strings([[]]), "1 to 48 frames"),
    ("frames_encoded", strings([[GOOD, b""]]), "neither a JPEG nor a PNG"),
    ("frames_encoded", strings([[GOOD, GOOD[:-9]]]), "PNG"),
    ("frames_encoded", strings([[GOOD], [HUGE]]), "at most 33554432 pixels"),
]


@pytest.mark.parametrize(
    ("signature", "frames", "text"),
    REFUSED,
    ids=[f"{s}-{f.dtype}-{f.shape}" for s, f, _ in REFUSED],
)
def test_refused(runtime, signature, frames, text):
    answer = runtime.ask(signature, frames=frames)
    assert answer.code == INVALID_ARGUMENT
    assert text in answer.message


@pytest.mark.parametrize("signature", list(clips()))
def test_an_empty_batch(runtime, signature):
    """Is answered, with nothing: a server may pad its batches."""
    answer = runtime.ask(signature, frames=clips()[signature][:0])
    assert answer.code == 0
    assert answer.outputs["logits"].shape == (0, 3)


def test_a_hundred_hostile_requests(exported):
    """The short form of `make hostile`."""
    report = attack(exported[1], requests=100, seed=0)
    assert report["requests"] == 100
    assert report["crashes"] == []
    assert report["not_finite"] == 0
    assert report["wrong"] == 0
    answers = report["answers"]
    assert answers["OK"] >= 20 and answers["INVALID_ARGUMENT"] >= 20
    assert sum(answers.values()) == 100


@pytest.mark.large
def test_s3dg(tmp_path):
    """All layers of S3D-G, with `recompute`: a feature map in C++ as in Keras,
    and gradients through the module, whose weight decay is complete.
    """
    network = S3DG(3, depth_multiplier=1 / 64, min_depth=2, recompute=True)
    network(tf.zeros([1, 2, 32, 32, 3]))
    path = export_module(
        network,
        tmp_path,
        labels=["a", "b", "c"],
        frames=16,
        size=32,
        kind="feature_map",
        endpoint="Mixed_4f",
    )
    frames = np.random.default_rng(0).random([1, 16, 32, 32, 3], np.float32)
    expected = network.features(frames * 2 - 1)["Mixed_4f"]
    with CppRuntime(path) as process:
        answer = process.ask("serving_default", frames=frames)
        short = process.ask("serving_default", frames=frames[:, :3])
    np.testing.assert_allclose(answer.outputs["features"], expected, atol=1e-5)
    # Mixed_4f has a frame for four of the clip.
    assert "4 to 256 frames" in short.message
    layer = hub.KerasLayer(str(path), trainable=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(frames, training=True) ** 2)
        loss += tf.add_n(layer.losses)
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert all(g is not None for g in gradients)
    kernels = [v for v in layer.trainable_variables if v.shape.rank == 5]
    assert len(layer.losses) == len(kernels)
