"""What every exported module must hold."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.hub_export.export import export_module
from d3d_tf.hub_export.warm_up import NAME
from d3d_tf.keras_api import keras
from d3d_tf.pixels import Pixels
from tests.harness.family import PIXELS
from tests.harness.networks import softmax
from tests.harness.step import same_weights

ATOL = 1e-5


def check_export_of(case, folder: Path) -> None:
    """`check_export` of a family's tiny network, of other pixels than its own.

    Args:
      case: the family's, of `tests.harness.tiny`.
      folder: for the module.
    """
    network = case.network(weight_decay=0.01, **case.trained | PIXELS)
    labels = ["left", "right", "up"]
    path = export_module(network, folder, labels=labels, frames=4, size=16)
    check_export(network, path, labels)


def check_export(network, path: Path, labels: list[str]) -> None:
    """A module says what its network says, and can be trained further.

    Args:
      network: RGB in, logits of classes out; regularised, randomized.
      path: the version folder that `export_module` made of it, of the kind
        `classification`.
      labels: the names of its classes.
    """
    told = json.loads((path / "module.json").read_text())
    names = (path / "assets/labels.txt").read_text("utf-8").splitlines()
    assert names == labels and told["num_classes"] == len(labels)
    _signatures(network, path, told["input"])
    _warm_up(path, set(told["signatures"]))
    _keras_layer(network, path, told["input"])
    for trainable in False, True:
        check_finetuning(network, path, trainable)


def _logits(network, unit):
    """Of frames in [0, 1]."""
    pixels = getattr(network, "pixels", Pixels())
    return network(pixels.from_unit(tf.constant(unit, tf.float32))).numpy()


def _signatures(network, path, clip):
    """Any batch and length; pictures are larger than what is cropped."""
    signatures = tf.saved_model.load(str(path)).signatures
    side, size = clip["short_side"], clip["size"]
    shape = [2, clip["frames"] + 1, side, side, 3]
    frames = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    start = (side - size) // 2
    middle = slice(start, start + size)
    crops = frames[:, :, middle, middle]
    pngs = [[tf.io.encode_png(f).numpy() for f in one] for one in frames]
    logits = _logits(network, crops / 255)
    given = {
        "serving_default": np.float32(crops / 255),
        "frames_uint8": crops,
        "frames_encoded": pngs,
    }
    assert set(signatures) == set(given)
    for name, value in given.items():
        answer = signatures[name](frames=tf.constant(value))
        np.testing.assert_allclose(answer["logits"], logits, atol=ATOL)
        np.testing.assert_allclose(
            answer["probabilities"], softmax(logits), atol=ATOL
        )
        assert answer["features"].shape.rank == 2


def _warm_up(path, names):
    """A request for each signature, where TF Serving's package is there."""
    if not (path / NAME).exists():
        assert "tensorflow-serving-api" in (path / "module.json").read_text()
        return
    records = list(tf.data.TFRecordDataset(str(path / NAME)))
    asked = {
        name for name in names for r in records if name.encode() in r.numpy()
    }
    assert len(records) == len(names) and asked == names


def _keras_layer(network, path, clip):
    """Batch, time and size need not be those of the export."""
    layer = hub.KerasLayer(str(path))
    in_model = keras.Sequential([keras.Input([None, None, None, 3]), layer])
    size = clip["size"]
    for shape in ((1, clip["frames"], size, size), (4, 1, size - 3, size + 1)):
        unit = np.random.default_rng(1).random([*shape, 3], np.float32)
        expected = _logits(network, unit)
        np.testing.assert_allclose(layer(unit), expected, atol=ATOL)
    found = in_model.predict(unit, verbose=0)
    np.testing.assert_allclose(found, expected, atol=ATOL)


def check_finetuning(network, path, trainable):
    """Two steps of SGD move all variables and averages, or none."""
    layer = hub.KerasLayer(str(path), trainable=trainable)
    before = [v.numpy() for v in layer.variables]
    assert len(before) == len(network.variables)
    count = len(network.trainable_variables) if trainable else 0
    assert len(layer.trainable_weights) == count
    if trainable:
        theirs, ours = float(sum(layer.losses)), float(sum(network.losses))
        np.testing.assert_allclose(theirs, ours, rtol=1e-5)
    else:
        assert float(sum(layer.losses)) == 0
    model = keras.Sequential([keras.Input([None, None, None, 3]), layer])
    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    unit = np.random.default_rng(0).random([4, 3, 16, 16, 3], np.float32)
    model.fit(unit, np.array([0, 1, 2, 0]), epochs=2, verbose=0)
    after = [v.numpy() for v in layer.variables]
    if not trainable:
        same_weights(after, before, atol=0, rtol=0)
    for v, old, new in zip(layer.variables, before, after, strict=True):
        assert (old != new).any() == trainable, v.name
