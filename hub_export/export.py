"""Writes a module, reads it back, compares, and only then publishes it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import tensorflow as tf
from typing_extensions import Unpack

from d3d_tf.atomic_files import to_path, unfinished_folder
from d3d_tf.disk import naming_refusal
from d3d_tf.errors import UserError
from d3d_tf.garbage import set_aside
from d3d_tf.hub_export.cut_network import CLASSIFICATION, cut
from d3d_tf.hub_export.draft import Draft, one_line_each
from d3d_tf.hub_export.example import write_example
from d3d_tf.hub_export.exportable import Exportable
from d3d_tf.hub_export.precision import full_precision
from d3d_tf.hub_export.serving_files import write_serving_files
from d3d_tf.hub_export.signature_inputs import ClipSpec
from d3d_tf.hub_export.verified_save import save_verified
from d3d_tf.hub_export.versions import MARK, newest_if, publish, tidy
from d3d_tf.sealed import sealed
from d3d_tf.tasks import DEFAULT
from d3d_tf.text_lists import written_labels

# Bytes of a module's own, beside its weights, which the archive has again.
_GRAPHS = 5_000_000


class ExportOptions(TypedDict, total=False):
    """The keywords of `export_module` that may be left out."""

    short_side: int | None
    kind: str
    endpoint: str | None
    info: dict[str, Any] | None
    compare: Callable[[Any], dict[str, Any]] | None
    task: str


_DEFAULTS: dict[str, Any] = {
    "short_side": None,
    "kind": CLASSIFICATION,
    "endpoint": None,
    "info": None,
    "compare": None,
    "task": DEFAULT,
}


def export_module(
    network: Any,
    folder: str | Path,
    *,
    labels: list[str],
    frames: int,
    size: int,
    **options: Unpack[ExportOptions],
) -> Path:
    """Publishes `folder/VERSION`, a TF-Hub module and TF Serving version.

    The version folder appears by rename, or, in an object store, with
    `saved_model.pb` as its last file, after the reloaded module, its
    signatures and `hub.KerasLayer` gave what the network gives. What equals
    the newest version is not published again. `folder/module-VERSION.tar.gz`
    is the same in one file.

    Args:
      network: frames in [-1, 1] to logits, variables made; see `cut`. Of a
        mixed precision the module has the weights and computes in float32.
      folder: parent of the version folders.
      labels: class names in order; they go to `assets/labels.txt`.
      frames, size: of the clip that the network was trained on.
      options: the keys of `ExportOptions`, which are the next six.
      short_side: of frames before they are cropped to `size`; default: `size`.
      kind: `classification` (the default), `feature_vector` or `feature_map`.
      endpoint: of a feature map.
      info: further entries for `module.json`.
      compare: given the module as `hub.load` gives it, returns the entry
        `videos` of `module.json`; see `video_agreement`.
      task: of the recipe; it makes probabilities of the logits.

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
    asked = _with_defaults(options)
    info = asked["info"] or {}
    folder = to_path(folder)
    labels = one_line_each(labels)
    frames, size, short_side = _fitting(frames, size, asked["short_side"])
    with full_precision(network) as network:
        part = cut(network, *(asked[k] for k in ("kind", "endpoint", "task")))
        clip = ClipSpec(frames, size, short_side, min(frames, part.shortest))
        draft = Draft(network, part, clip, labels)
        return published(draft, folder, info, asked["compare"])


def published(
    draft: Exportable,
    folder: Path,
    info: dict[str, Any],
    compare: Callable[[Any], dict[str, Any]] | None,
) -> Path:
    """The version folder that holds it; made if it is not the newest.

    Args:
      draft: of the module.
      folder, info, compare: as `export_module`.

    Raises:
      DiskError, UserError: as `export_module`.
    """
    content = draft.digest(info.get("frame_rate"))
    tidy(folder)
    version = newest_if(folder, content)
    if not version:
        version = _publish(draft, content, folder, info, compare)
    # An export that was killed after its renaming did not write them.
    write_serving_files(folder, tensorflow=tf.__version__)
    return version


def _with_defaults(options: ExportOptions) -> dict[str, Any]:
    if unknown := options.keys() - _DEFAULTS.keys():
        raise TypeError(f"export_module has no argument {min(unknown)!r}.")
    return _DEFAULTS | options


def _fitting(
    frames: int, size: int, short_side: int | None
) -> tuple[int, int, int]:
    """The numbers of a clip as JSON can hold them, not NumPy's.

    Raises:
      UserError: there can be no such clip.
    """
    frames, size = int(frames), int(size)
    short_side = int(short_side or size)
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
    return frames, size, short_side


def _publish(
    draft: Exportable,
    content: str,
    folder: Path,
    info: dict[str, Any],
    compare: Callable[[Any], dict[str, Any]] | None,
) -> Path:
    """Makes the module the next version of the folder."""
    needed = 2 * draft.num_bytes + _GRAPHS
    with (
        set_aside(),
        naming_refusal(folder, needed, "the module"),
        unfinished_folder(folder) as temporary,
    ):
        module, saved = save_verified(draft, temporary)
        if draft.classifies:
            (temporary / "assets").mkdir(exist_ok=True)
            (temporary / "assets" / "labels.txt").write_text(
                written_labels(draft.labels), "utf-8"
            )
        description = draft.description() | {
            "content": content,
            "tensorflow": tf.__version__,
            **saved,
            "example": write_example(
                temporary, module, content, **draft.example()
            ),
        }
        if compare:
            description["videos"] = compare(module)
        _describe(temporary, description | info, draft.card)
        return publish(temporary, folder, content)


def _describe(folder: Path, description: dict[str, Any], card: Any) -> None:
    """For programs and for people."""
    graph = (folder / MARK).read_bytes()
    description["saved_model_sha256"] = hashlib.sha256(graph).hexdigest()
    (folder / "module.json").write_text(sealed(description))
    (folder / "README.md").write_text(card(description), "utf-8")
