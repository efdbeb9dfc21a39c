"""Where modules are used: hub.KerasLayer, hub.load, the command line, Keras 3.

What the layer computes, and that it trains, is in test_export.py.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.hub_export.archive import archive_of
from d3d_tf.keras_api import keras
from tests.harness.tiny import X3D
from tests.hub_export.practice import export
from tests.web import serving

CLIPS = np.random.default_rng(3).random([4, 3, 8, 8, 3], np.float32)
NEWEST = tf.__version__ >= "2.16"


def expected(network):
    return network(CLIPS * 2 - 1).numpy()


def test_functional_model_with_a_head_of_its_own(exported):
    """Trained through the frozen and the free module; saved and read again."""
    network, path = exported
    for trainable in (False, True):
        layer = hub.KerasLayer(str(path), trainable=trainable)
        clip = keras.Input([None, None, None, 3])
        logits = keras.layers.Dense(2)(layer(clip))
        model = keras.Model(clip, logits)
        model.compile("sgd", "mse")
        before = [v.numpy() for v in layer.variables]
        model.fit(CLIPS, np.ones([4, 2]), verbose=0)
        moved = [
            (v.numpy() != old).any()
            for v, old in zip(layer.variables, before, strict=True)
        ]
        assert moved == [trainable] * 6
        # The head's two, and the module's kernels, beta and bias.
        assert len(model.trainable_variables) == 2 + 4 * trainable


def test_uint8_and_mixed_precision(exported, precision):
    """Under a policy Keras casts clips to half precision before the module
    gets them: 8 bits of a value are left, and logits are float32.
    """
    network, path = exported
    precision("mixed_bfloat16")
    layer = hub.KerasLayer(str(path))
    logits = layer(CLIPS)
    assert logits.dtype == tf.float32
    np.testing.assert_allclose(logits, expected(network), atol=0.02)
    pixels = np.uint8(CLIPS * 255)
    np.testing.assert_allclose(
        layer(pixels), network(np.float32(pixels / 127.5 - 1)), atol=1e-5
    )


def test_two_replicas(exported, replicas):
    """Averages move, and are the same on both; so are the answers before."""
    network, path = exported
    with replicas.scope():
        layer = hub.KerasLayer(str(path), trainable=True)
        model = keras.Sequential([keras.Input([None, None, None, 3]), layer])
        model.compile(keras.optimizers.SGD(0.1), "mse")
    np.testing.assert_allclose(
        model.predict(CLIPS, verbose=0), expected(network), atol=1e-5
    )
    before = [v.numpy() for v in layer.variables]
    model.fit(CLIPS, np.zeros([4, 3]), batch_size=4, verbose=0)
    moved = [
        (v.numpy() != old).any()
        for v, old in zip(layer.variables, before, strict=True)
    ]
    assert moved == [True] * 6


def test_over_http(exported, tmp_path, monkeypatch):
    """The archive, from a server, by `hub.load` and `hub.KerasLayer`."""
    network, path = exported
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    with serving() as server:
        query = "?tf-hub-format=compressed"
        server.content["/m/1.tar.gz" + query] = archive_of(path).read_bytes()
        handle = server.url("/m/1.tar.gz")
        module = hub.load(handle)
        layer = hub.KerasLayer(handle)
        assert len(server.asked) == 1  # Then it is in the cache.
    np.testing.assert_allclose(module(CLIPS), expected(network), atol=1e-5)
    np.testing.assert_allclose(layer(CLIPS), expected(network), atol=1e-5)


def test_a_signature_as_a_layer(exported):
    """Encoded frames in a Keras model; inference only."""
    network, path = exported
    layer = hub.KerasLayer(
        str(path), signature="frames_encoded", output_key="logits"
    )
    frames = np.random.default_rng(0).integers(0, 256, [3, 10, 10, 3], np.uint8)
    pngs = tf.constant([[tf.io.encode_png(f).numpy() for f in frames]])
    inside = np.float32(frames[None, :, 1:9, 1:9] / 127.5 - 1)
    np.testing.assert_allclose(layer(pngs), network(inside), atol=1e-5)


@pytest.mark.large
def test_saved_model_cli(exported, tmp_path):
    """`show` names the signatures; `run` gives the network's logits."""
    network, path = exported
    np.savez(tmp_path / "in.npz", x=CLIPS)
    cli = [
        sys.executable,
        "-m",
        "tensorflow.python.tools.saved_model_cli",
    ]
    shown = subprocess.run(
        [*cli, "show", "--dir", path, "--tag_set", "serve"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("serving_default", "frames_uint8", "frames_encoded"):
        assert f'"{name}"' in shown.stdout
    given = ["--inputs", f"frames={tmp_path}/in.npz[x]", "--outdir", tmp_path]
    tags = ["--tag_set", "serve", "--signature_def", "serving_default"]
    subprocess.run([*cli, "run", "--dir", path, *tags, *given], check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "logits.npy"), expected(network), atol=1e-5
    )


ALONE = """
import sys
sys.modules["d3d_tf"] = None
import numpy as np, tensorflow_hub as hub
layer = hub.KerasLayer(sys.argv[1])
np.save("logits.npy", layer(np.load("clips.npy")))
"""


@pytest.mark.large
def test_loading_needs_nothing_of_this_package(exported, tmp_path):
    """Another process, in an empty folder, where d3d_tf cannot be imported."""
    network, path = exported
    run_alone(ALONE, path, tmp_path)
    np.testing.assert_allclose(
        np.load(tmp_path / "logits.npy"), expected(network), atol=1e-5
    )


KERAS_3 = """
import json, sys
sys.modules["d3d_tf"] = sys.modules["tf_keras"] = None
import numpy as np, keras
assert keras.__version__ >= "3"
clips = np.load("clips.npy")
clip = keras.Input([None, None, None, 3])
layer = keras.layers.TFSMLayer(
    sys.argv[1], call_endpoint="infer", call_training_endpoint="train"
)
model = keras.Model(clip, layer(clip))
np.save("logits.npy", model(clips))
weights = [np.array(v) for v in layer.trainable_weights]
model.compile(keras.optimizers.SGD(0.1), "mse")
model.fit(clips, np.zeros([4, 3]), verbose=0)
moved = [
    bool((np.array(v) != old).any())
    for v, old in zip(layer.trainable_weights, weights, strict=True)
]
print(json.dumps(moved))
"""


@pytest.mark.skipif(not NEWEST, reason="Keras 3 comes with newer TensorFlow")
@pytest.mark.parametrize(
    "family", ["inception", pytest.param("x3d", marks=pytest.mark.large)]
)
def test_keras_3(family, request, tmp_path):
    """In its own process, without tf_keras: predicts, trains all weights."""
    if family == "inception":
        network, path = request.getfixturevalue("exported")
        given = CLIPS * 2 - 1
    else:
        network = X3D.network()
        path = export(network, tmp_path / "export")
        given = (CLIPS - 0.45) / 0.225
    shown = run_alone(KERAS_3, path, tmp_path)
    np.testing.assert_allclose(
        np.load(tmp_path / "logits.npy"), network(given), atol=1e-5
    )
    moved = json.loads(shown.splitlines()[-1])
    assert moved == [True] * len(network.trainable_variables)


def run_alone(script, path, folder) -> str:
    np.save(folder / "clips.npy", CLIPS)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(path)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
