"""Writes a module, reads it back, compares, and only then publishes it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.files import publish_folder, to_path, unfinished_folder
from d3d_tf.hub_export.module import make_module
from d3d_tf.hub_export.serving_files import write_serving_files

TOLERANCE = 1e-5
# What TensorFlow looks for in a module's folder.
MARK = "saved_model.pb"


def export_module(
    network,
    folder: str | Path,
    *,
    labels: list[str],
    frames: int,
    size: int,
    info: dict | None = None,
) -> Path:
    """Publishes `folder/VERSION`, a TF-Hub module and TF Serving version.

    The version folder appears by rename, or, in an object store, with
    `saved_model.pb` as its last file, after the reloaded module, its
    signatures and `hub.KerasLayer` gave the network's logits. What equals the
    newest version is not published again.

    Args:
      network: frames in [-1, 1] to logits, variables made.
      folder: parent of the version folders.
      labels: class names in order; they go to `assets/labels.txt`.
      frames, size: of the clip that the network was trained on.
      info: further entries for `module.json`.

    Returns:
      The version folder.

    Raises:
      UserError: the reloaded module differs by more than 1e-5 of the largest
        logit, or of 1 where all logits are smaller.
    """
    folder = to_path(folder)
    content = _digest(network, labels, frames, size)
    paths = folder.iterdir() if folder.is_dir() else ()
    versions = sorted(int(p.name) for p in paths if p.name.isdigit())
    whole = [v for v in versions if (folder / str(v) / MARK).exists()]
    if whole:
        newest = folder / str(whole[-1])
        description = json.loads((newest / "module.json").read_text())
        if description["content"] == content:
            return newest
    with unfinished_folder(folder) as temporary:
        module, signatures = make_module(network)
        tf.saved_model.save(module, str(temporary), signatures=signatures)
        (temporary / "assets").mkdir(exist_ok=True)
        (temporary / "assets" / "labels.txt").write_text(
            "".join(f"{label}\n" for label in labels)
        )
        differences = _differences(network, temporary, frames, size)
        worst = max(differences, key=differences.__getitem__)
        if not differences[worst] <= TOLERANCE:
            raise UserError(
                f"The exported module differs from the network by "
                f"{differences[worst]:.2g} in {worst}; at most {TOLERANCE:g} "
                "is allowed. Nothing was published."
            )
        description = {
            "kind": "classification",
            "input": {
                "frames": frames,
                "size": size,
                "range": [0, 1],
                "colour": "RGB",
            },
            "num_classes": len(labels),
            "content": content,
            "max_difference": differences,
            "tensorflow": tf.__version__,
        }
        (temporary / "module.json").write_text(
            json.dumps(description | (info or {}), indent=1)
        )
        target = folder / str(versions[-1] + 1 if versions else 1)
        publish_folder(temporary, target, mark=MARK)
    write_serving_files(folder, tensorflow=tf.__version__)
    return target


def _differences(network, path: Path, frames: int, size: int) -> dict:
    """Largest difference of logits between the network and each way in.

    In units of the largest logit, if it is above 1: rounding grows with it.
    """
    pixels = np.random.default_rng(0).integers(
        0, 256, [2, frames, size, size, 3], np.uint8
    )
    unit = (pixels / 255).astype(np.float32)
    expected = network(unit * 2 - 1, training=False).numpy()
    scale = max(1.0, float(np.abs(expected).max()))
    loaded = tf.saved_model.load(str(path))
    signatures = loaded.signatures
    found = {
        "reloaded": loaded(unit, training=False),
        "keras_layer": hub.KerasLayer(str(path))(unit),
        "serving_default": signatures["serving_default"](
            frames=tf.constant(unit)
        )["logits"],
        "frames_uint8": signatures["frames_uint8"](frames=tf.constant(pixels))[
            "logits"
        ],
    }
    return {
        name: float(np.abs(logits.numpy() - expected).max()) / scale
        for name, logits in found.items()
    }


def _digest(network, labels: list[str], frames: int, size: int) -> str:
    """What makes a module another one: weights, classes, clip."""
    digest = hashlib.sha256(json.dumps([labels, frames, size]).encode())
    for variable in network.variables:
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()
