"""Keras Applications' own networks, with random values in every variable."""

import json

import h5py
import numpy as np
import pytest
import tensorflow as tf

from d3d_tf.errors import UserError
from d3d_tf.keras_api import keras
from d3d_tf.models import make_network, open_original
from d3d_tf.models.resnet.checkpoints.keras_original import is_keras_file
from d3d_tf.runs.convert import convert
from d3d_tf.runs.loading import load_checkpoint
from d3d_tf.training.checkpoints import restore

OPTIONS = {"scope": None, "averages": False, "stated": {}}
SIZE = (65, 96)


def written(path, **options):
    """A network, with random averages, biases and scales, and its file."""
    theirs = keras.applications.ResNet50(
        weights=None, input_shape=(*SIZE, 3), **options
    )
    rng = np.random.default_rng(0)
    for variable in theirs.weights:
        shape, leaf = variable.shape, variable.name.rpartition("/")[2]
        if leaf == "moving_variance:0":
            # Some so small that what is added to them matters.
            variable.assign(10 ** rng.uniform(-3, 0.3, shape))
        elif leaf == "gamma:0":
            variable.assign(rng.uniform(0.1, 0.3, shape))
        elif leaf != "kernel:0":
            variable.assign(rng.normal(0, 0.1, shape))
    theirs.save_weights(path)
    return theirs


def pictures():
    rng = np.random.default_rng(1)
    return rng.uniform(0, 255, (2, *SIZE, 3)).astype(np.float32)


def answer(theirs):
    """To pictures, as Keras prepares them."""
    prepared = keras.applications.resnet50.preprocess_input(pictures())
    return theirs(prepared, training=False).numpy()


def clips(network):
    """The pictures as videos of a frame, as ours takes them."""
    return network.pixels.from_unit(tf.constant(pictures()[:, None] / 255))


def relative(found, wanted) -> float:
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


@pytest.mark.large
def test_logits_are_keras(tmp_path):
    theirs = written(
        tmp_path / "resnet50.h5", classes=7, classifier_activation=None
    )
    run = convert(tmp_path / "resnet50.h5", tmp_path / "run", [])
    ours = load_checkpoint(run.folder)
    found = ours(clips(ours), training=False).numpy()
    assert relative(found, answer(theirs)) < 1e-5
    report = json.loads((run.folder / "convert.json").read_text())
    assert report["family"] == "keras_applications"
    network = report["network"]
    assert (network["model"], network["style"]) == ("tsn_r50", "caffe")
    # 53 convolutions with biases, as many norms, a classifier.
    rows = report["variables"]
    assert len(rows) == len(theirs.weights) == 53 * 6 + 2
    assert all(row["used_as"] and not row["skipped"] for row in rows)


@pytest.mark.large
def test_without_its_classifier(tmp_path):
    """It is for --init: its last features are Keras'."""
    path = tmp_path / "resnet50_notop.h5"
    theirs = written(path, include_top=False)
    run = convert(path, tmp_path / "run", [])
    ours = make_network(run.recipe().network, 3, "frames")
    trunk = tf.train.Checkpoint(trunk=ours.trunk)
    restore(trunk, run.checkpoints("initial"))
    found = ours.features(clips(ours))["layer4"][:, 0].numpy()
    assert relative(found, answer(theirs)) < 1e-5


@pytest.mark.large
def test_the_last_value_of_a_file(tmp_path):
    path = tmp_path / "resnet50.h5"
    written(path, classes=7)
    with h5py.File(path, "r+") as file:
        file["predictions/predictions/bias:0"][6] = np.inf
    with pytest.raises(UserError, match="not finite: predictions/bias"):
        open_original(path, **OPTIONS)


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("weights", b"\x89HDF\r\n\x1a\n...", True),
        ("weights.h5", b"damaged", True),
        ("nothing.h5", None, True),
        ("weights", b"PK\x03\x04", False),
        ("nothing.ckpt", None, False),
    ],
)
def test_which_files_are_keras(tmp_path, name, content, expected):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert is_keras_file(tmp_path / name) is expected


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="There is no file .*nothing.h5"):
        open_original(tmp_path / "nothing.h5", **OPTIONS)
    path = tmp_path / "cut.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n and so on")
    with pytest.raises(UserError, match="cut.h5 is damaged, or is not a file"):
        open_original(path, **OPTIONS)
    with pytest.raises(UserError, match="one network and no averages"):
        open_original(path, **OPTIONS | {"averages": True})


def test_other_networks_of_keras(tmp_path):
    layers = [keras.layers.Dense(3, input_shape=(2,)), keras.layers.Dense(4)]
    path = tmp_path / "mine.h5"
    keras.Sequential(layers).save_weights(path)
    with pytest.raises(UserError, match="has 2 layers with weights; .* 107"):
        open_original(path, **OPTIONS)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1.0]
    with pytest.raises(UserError, match="has 0 layers with weights"):
        open_original(tmp_path / "other.h5", **OPTIONS)
