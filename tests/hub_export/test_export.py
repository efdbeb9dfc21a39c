"""An exported module: equal, trainable, versioned, whole or not there."""

import json
import shutil
import tarfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.atomic_files import to_path
from d3d_tf.errors import UserError
from d3d_tf.hub_export import draft
from d3d_tf.keras_api import keras
from tests.harness import (
    randomize,
    tiny_network,
)
from tests.harness.export import check_export, check_finetuning
from tests.hub_export.practice import LABELS, export, made


def test_what_lies_in_the_folder(exported):
    network, path = exported
    assert path.name == "1"
    assert {p.name for p in path.parent.iterdir()} == {
        "1",
        "module-1.tar.gz",
        "serving",
    }
    assert (path / "assets" / "labels.txt").read_text() == (
        "left\nright\ngrößer\n"
    )
    description = json.loads((path / "module.json").read_text())
    assert description["kind"] == "classification"
    assert description["input"] == {
        "frames": 3,
        "shortest": 1,
        "longest": 48,
        "size": 8,
        "short_side": 10,
        "range": [0, 1],
        "overshoot": 0.1,
        "colour": "RGB",
    }
    assert description["num_classes"] == 3
    assert description["recipe"] == "practice"
    outputs = ["features", "logits", "probabilities"]
    signatures = ("serving_default", "frames_uint8", "frames_encoded")
    assert description["signatures"] == dict.fromkeys(signatures, outputs)
    # printf 'left\nright\ngrößer\n' | sha256sum
    assert description["labels_sha256"].startswith("0576b26bc6f81312")
    ways = {"reloaded", "keras_layer", "infer", "regularization", *signatures}
    assert description["max_difference"].keys() == ways
    assert max(description["max_difference"].values()) <= 1e-5


def test_module(exported):
    """What every module holds; here of a functional Keras model."""
    check_export(*exported, LABELS)


@pytest.mark.parametrize("kind", ["feature_vector", "feature_map"])
def test_features(tmp_path, kind, seed):
    """Without the head: a kernel, beta and two averages are left."""
    network = made()
    name = network.layers[3].name  # Input, convolution, normalisation, ReLU.
    endpoint = name if kind == "feature_map" else None
    path = export(network, tmp_path, kind=kind, endpoint=endpoint)
    frames = tf.random.uniform([2, 3, 8, 8, 3])
    activations = keras.Model(network.input, network.get_layer(name).output)(
        frames * 2 - 1
    )
    if kind == "feature_vector":
        activations = tf.reduce_mean(activations, [1, 2, 3])
    layer = hub.KerasLayer(str(path), trainable=True)
    np.testing.assert_allclose(layer(frames), activations, atol=1e-5)
    assert len(layer.variables) == 4 and len(layer.losses) == 1
    description = json.loads((path / "module.json").read_text())
    assert description["signatures"]["frames_encoded"] == ["features"]
    assert not (path / "assets" / "labels.txt").exists()


def test_numbers_and_labels_of_numpy(tmp_path):
    path = export(
        made(),
        tmp_path,
        labels=np.array(LABELS),
        frames=np.int64(3),
        size=np.int64(8),
        info={"recipe": "größer"},
    )
    text = (path / "assets" / "labels.txt").read_bytes().decode("utf-8")
    assert text == "left\nright\ngrößer\n"
    assert b"gr\xc3\xb6\xc3\x9fer" in (path / "README.md").read_bytes()
    assert json.loads((path / "module.json").read_text())["num_classes"] == 3
    assert export(made(), tmp_path) == path


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"size": 0}])
def test_a_clip_has_something_in_it(tmp_path, wrong):
    with pytest.raises(UserError, match="at least 1 frame of 1 pixel"):
        export(made(), tmp_path, **wrong)


def test_a_crop_must_fit(tmp_path):
    with pytest.raises(UserError, match="8 pixels.*short side of 7"):
        export(made(), tmp_path, short_side=7)


def test_gradients_are_the_networks(seed, tmp_path):
    """Without dropout, in training mode, through the saved functions."""
    network = tiny_network(weight_decay=0.01)
    randomize(network)
    path = export(network, tmp_path)
    layer = hub.KerasLayer(str(path), trainable=True)
    frames = tf.random.uniform([3, 2, 5, 5, 3])
    with tf.GradientTape(persistent=True) as tape:
        before = tf.reduce_sum(network(frames * 2 - 1, training=True) ** 2)
        after = tf.reduce_sum(layer(frames, training=True) ** 2)
    for ours, theirs in zip(
        tape.gradient(before, network.trainable_variables),
        tape.gradient(after, layer.trainable_variables),
        strict=True,
    ):
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5)


@pytest.fixture
def copy(exported, tmp_path):
    """The folder of a module that may be changed."""
    return shutil.copytree(exported[1].parent, tmp_path / "export")


def test_a_misspelt_argument(tmp_path):
    with pytest.raises(TypeError, match="no argument 'kinds'"):
        export(tiny_network(), tmp_path, kinds="feature_vector")


def test_versions(copy):
    """The same weights keep their version; others are the next one."""
    stamp = (copy / "1" / "saved_model.pb").stat().st_mtime_ns
    assert export(made(), copy) == copy / "1"
    assert (copy / "1" / "saved_model.pb").stat().st_mtime_ns == stamp
    (copy / "1").rename(copy / "9")  # Old versions may be removed.
    assert export(made(seed=1), copy) == copy / "10"
    assert {p.name for p in copy.iterdir()} == {
        "9",
        "10",
        "module-1.tar.gz",
        "module-10.tar.gz",
        "serving",
    }


def test_versions_whose_description_cannot_be_read(tmp_path):
    """Another program's SavedModel, or one that was cut, is left alone."""
    texts = {"1": None, "2": "{}", "3": "[]", "4": '{"kind": "cl'}
    for version, text in texts.items():
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").write_text("theirs")
        if text:
            (tmp_path / version / "module.json").write_text(text)
    (tmp_path / "\u00b2").mkdir()  # A digit for Python, and no number.
    assert export(made(), tmp_path) == tmp_path / "5"
    for version in texts:
        path = tmp_path / version / "saved_model.pb"
        assert path.read_text() == "theirs"


def test_serving_files_that_are_missing_are_made_up_for(copy):
    """As after a kill between a version's renaming and their writing."""
    shutil.rmtree(copy / "serving")
    assert export(made(), copy) == copy / "1"
    assert (copy / "serving" / "compose.yaml").exists()


def test_another_export_at_the_same_time(tmp_path, monkeypatch):
    """It publishes version 1 while this one compares: this one is 2, and
    each archive holds its own version.
    """
    compare = draft.largest_differences

    def overtaken(*args):
        with monkeypatch.context() as patch:
            patch.setattr(draft, "largest_differences", compare)
            assert export(made(seed=1), tmp_path) == tmp_path / "1"
        return compare(*args)

    monkeypatch.setattr(draft, "largest_differences", overtaken)
    assert export(made(), tmp_path) == tmp_path / "2"
    for version in "1", "2":
        with tarfile.open(tmp_path / f"module-{version}.tar.gz") as archive:
            packed = archive.extractfile("./module.json").read()
        assert packed == (tmp_path / version / "module.json").read_bytes()


def test_the_same_export_at_the_same_time(tmp_path, monkeypatch):
    """It publishes this module while this one compares: there is one."""
    compare = draft.largest_differences

    def overtaken(*args):
        with monkeypatch.context() as patch:
            patch.setattr(draft, "largest_differences", compare)
            assert export(made(), tmp_path) == tmp_path / "1"
        return compare(*args)

    monkeypatch.setattr(draft, "largest_differences", overtaken)
    assert export(made(), tmp_path) == tmp_path / "1"
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {"1", "module-1.tar.gz", "serving"}


def test_an_interrupted_export_leaves_nothing(tmp_path, monkeypatch):
    """The disk is full when the last file is written."""

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(draft, "largest_differences", full)
    with pytest.raises(OSError, match="No space"):
        export(made(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_network_made_for_two_replicas(replicas, tmp_path):
    """Its averages live once per replica; the module has them once, and
    they still move when it is fine-tuned.
    """
    with replicas.scope():
        network = made()
    path = export(network, tmp_path)
    frames = tf.random.uniform([1, 3, 8, 8, 3])
    expected = network(frames * 2 - 1)
    np.testing.assert_allclose(
        hub.KerasLayer(str(path))(frames), expected, atol=1e-5
    )
    check_finetuning(network, path, trainable=True)


@pytest.mark.card
def test_a_module_in_an_object_store(s3):
    """Whole with `saved_model.pb`; version 1 was left without it."""
    (to_path(s3) / "1/module.json").write_text("{}")
    network = made()
    path = export(network, s3)
    assert str(path) == f"{s3}/2"
    assert export(network, s3) == path
    assert str(export(made(seed=1), s3)) == f"{s3}/3"
    unit = np.random.default_rng(0).random([1, 3, 8, 8, 3], np.float32)
    np.testing.assert_allclose(
        hub.KerasLayer(str(path))(unit),
        network(unit * 2 - 1, training=False),
        atol=1e-5,
    )
    assert (path / "assets/labels.txt").read_text().splitlines() == LABELS
