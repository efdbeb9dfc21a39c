"""Writes a module, reads it back, compares, and only then publishes it."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.atomic_files import to_path, unfinished_folder
from d3d_tf.disk import naming_refusal
from d3d_tf.errors import UserError
from d3d_tf.garbage import set_aside
from d3d_tf.hub_export.check_parity import (
    REGULARIZATION,
    largest_differences,
    make_reference,
    outside,
)
from d3d_tf.hub_export.cut_network import (
    CLASSIFICATION,
    Part,
    architecture,
    cut,
)
from d3d_tf.hub_export.example import write_example
from d3d_tf.hub_export.model_card import model_card
from d3d_tf.hub_export.precision import full_precision
from d3d_tf.hub_export.rounding import TOLERANCE, allowed
from d3d_tf.hub_export.saved_module import make_module, without_recompute
from d3d_tf.hub_export.serving_files import write_serving_files
from d3d_tf.hub_export.signature_inputs import OVERSHOOT, ClipSpec
from d3d_tf.hub_export.versions import MARK, newest_if, publish, tidy
from d3d_tf.hub_export.warm_up import write_warm_up
from d3d_tf.models.network import FoldError, VideoNetwork
from d3d_tf.sealed import sealed
from d3d_tf.text_lists import labels_sha256, written_labels

# Part of a module's identity: raise it when modules of the same network change.
FORMAT = 6
# Bytes of a module's own, beside its weights, which the archive has again.
_GRAPHS = 5_000_000


def export_module(
    network: Any,
    folder: str | Path,
    *,
    labels: list[str],
    frames: int,
    size: int,
    short_side: int | None = None,
    kind: str = CLASSIFICATION,
    endpoint: str | None = None,
    info: dict[str, Any] | None = None,
    compare: Callable[[Any], dict[str, Any]] | None = None,
) -> Path:
    """Publishes `folder/VERSION`, a TF-Hub module and TF Serving version.

    The version folder appears by rename, or, in an object store, with
    `saved_model.pb` as its last file, after the reloaded module, its
    signatures and `hub.KerasLayer` gave what the network gives. What equals
    the newest version is not published again. `folder/module-VERSION.tar.gz`
    is the same in one file.

    Args:
      network: frames, scaled as its `pixels` say, to logits, variables made;
        see `cut`. A Keras model without `pixels` takes [-1, 1]. Of a mixed
        precision the module has the weights and computes in float32.
      folder: parent of the version folders.
      labels: class names in order; they go to `assets/labels.txt`.
      frames, size: of the clip that the network was trained on.
      short_side: of frames before they are cropped to `size`; default: `size`.
      kind: `classification`, `feature_vector` or `feature_map`.
      endpoint: of a feature map.
      info: further entries for `module.json`.
      compare: given the module as `hub.load` gives it, returns the entry
        `videos` of `module.json`; see `agreement`.

    Returns:
      The version folder.

    Raises:
      DiskError: there is no room, or no right to write.
      UserError: a way into the reloaded module differs by more than rounding
        may make of this network (see `rounding`; 1e-5 of the largest output,
        or of 1 where all are smaller, in all but networks that enlarge it); or
        the network cannot be cut so; or the labels are not one line for each
        logit.
    """
    folder = to_path(folder)
    # JSON has no numbers of NumPy.
    frames, size = int(frames), int(size)
    short_side = int(short_side or size)
    labels = _one_line_each(labels)
    if frames < 1 or size < 1:
        raise UserError(
            "A clip has at least 1 frame of 1 pixel; got frames "
            f"{frames} and size {size}."
        )
    if short_side < size:
        raise UserError(
            f"A crop of {size} pixels does not fit into frames with a short "
            f"side of {short_side}."
        )
    with full_precision(network) as network:
        part = cut(network, kind, endpoint)
        clip = ClipSpec(frames, size, short_side, min(frames, part.shortest))
        content = _digest(
            part.variables_of(network),
            [
                *(FORMAT, labels, clip, kind, endpoint),
                *(architecture(network), *_sampling(info or {})),
            ],
        )
        tidy(folder)
        same = newest_if(folder, content)
        if same:
            # An export that was killed after its renaming did not write them.
            write_serving_files(folder, tensorflow=tf.__version__)
            return same
        weights = sum(v.numpy().nbytes for v in part.variables_of(network))
        with (
            set_aside(),
            naming_refusal(folder, 2 * weights + _GRAPHS, "the module"),
            unfinished_folder(folder) as temporary,
        ):
            module, saved = _save(network, part, clip, temporary, labels)
            description = {
                "kind": kind,
                "endpoint": endpoint,
                "input": _input(clip),
                "pixels": dataclasses.asdict(part.pixels),
                "num_classes": len(labels) if kind == CLASSIFICATION else None,
                "labels_sha256": labels_sha256(labels),
                "content": content,
                "tensorflow": tf.__version__,
            } | saved
            if kind == CLASSIFICATION:
                (temporary / "assets").mkdir(exist_ok=True)
                (temporary / "assets" / "labels.txt").write_text(
                    written_labels(labels), "utf-8"
                )
            description["example"] = write_example(
                temporary, module, clip, content
            )
            if compare:
                description["videos"] = compare(module)
            _describe(temporary, description | (info or {}))
            target = publish(temporary, folder, content)
    write_serving_files(folder, tensorflow=tf.__version__)
    return target


def _one_line_each(labels: list[Any]) -> list[str]:
    """The class names, if a file of lines can hold them."""
    labels = [str(label) for label in labels]
    if written_labels(labels).splitlines() != labels:
        broken = [x for x in labels if x.splitlines() not in ([], [x])]
        raise UserError(
            "A class name is one line of labels.txt, and there are breaks in "
            f"{', '.join(map(repr, broken))}."
        )
    if nameless := [i for i, label in enumerate(labels) if not label.strip()]:
        raise UserError(
            f"Class {nameless[0]} of {len(labels)} has no name (the first is "
            "class 0): labels= gives every class one."
        )
    return labels


def _save(
    network: Any, part: Part, clip: ClipSpec, folder: Path, labels: list[str]
) -> tuple[Any, dict[str, Any]]:
    """Saves and compares; returns it loaded, and what `module.json` says of it.

    Raises:
      UserError: the differences are too large, or a logit has no name.
    """
    reference = make_reference(network, part, clip)
    bound = allowed(reference.sensitivity)
    unfolded = None
    ways = (True, False) if isinstance(network, VideoNetwork) else (False,)
    for fold in ways:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with without_recompute(network):
                module, signatures = make_module(network, part, clip, fold=fold)
                _require_a_name_each(signatures, labels)
                tf.saved_model.save(module, str(folder), signatures=signatures)
        except FoldError as error:
            unfolded = f"{error}"
            continue
        # Takes seconds, so that whatever compares is given it.
        loaded = hub.load(str(folder))
        differences = largest_differences(
            network, part, loaded, clip, reference
        )
        wrong = outside(differences, bound)
        if not wrong:
            break
        unfolded = f"folded, it {_gap(differences, wrong)}"
    _require_parity(differences, bound)
    return loaded, {
        "signatures": _outputs(signatures),
        "folded": fold,
        "unfolded_because": unfolded,
        "sensitivity": reference.sensitivity,
        "bound": bound,
        "max_difference": differences,
        "warm_up": write_warm_up(folder, clip),
    }


def _describe(folder: Path, description: dict[str, Any]) -> None:
    """For programs and for people."""
    graph = (folder / MARK).read_bytes()
    description["saved_model_sha256"] = hashlib.sha256(graph).hexdigest()
    (folder / "module.json").write_text(sealed(description))
    (folder / "README.md").write_text(model_card(description), "utf-8")


def _gap(differences: dict[str, float], ways: list[str]) -> str:
    worst = max(ways, key=differences.__getitem__)
    return f"differs from the network by {differences[worst]:.2g} in {worst}"


def _require_parity(differences: dict[str, float], bound: float) -> None:
    wrong = outside(differences, bound)
    if wrong:
        if wrong == [REGULARIZATION]:
            bound = TOLERANCE
        raise UserError(
            f"The exported module {_gap(differences, wrong)}; at most "
            f"{bound:.2g} is allowed, which rounding may make of this "
            "network. Nothing was published."
        )


def _input(clip: ClipSpec) -> dict[str, Any]:
    return {
        "frames": clip.frames,
        "shortest": clip.shortest,
        "longest": clip.longest,
        "size": clip.size,
        "short_side": clip.short_side,
        "range": [0, 1],
        "overshoot": OVERSHOOT,
        "colour": "RGB",
    }


def _require_a_name_each(signatures: dict[str, Any], labels: list[str]) -> None:
    function = signatures["serving_default"].get_concrete_function()
    logits = function.structured_outputs.get("logits")
    if logits is not None and logits.shape[-1] != len(labels):
        raise UserError(
            f"The network has {logits.shape[-1]} logits, and there are "
            f"{len(labels)} class names. Nothing was published."
        )


def _outputs(signatures: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: sorted(function.get_concrete_function().structured_outputs)
        for name, function in signatures.items()
    }


def _sampling(info: dict[str, Any]) -> list[Any]:
    """How the clips are taken from a video; for the identity of a module."""
    later = {"stride": 1, "sampling": "dense"}
    others = [info[k] for k, v in later.items() if info.get(k, v) != v]
    return [info.get("frame_rate"), *others]


def _digest(variables: list[Any], described: list[Any]) -> str:
    """What makes a module another one: weights, classes, clip, part."""
    digest = hashlib.sha256(json.dumps(described, default=vars).encode())
    for variable in variables:
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()
