"""What a module's folder says of its network, its clips and its classes."""

from pathlib import Path

from d3d_tf import config
from d3d_tf.damaged import read_json
from d3d_tf.errors import UserError
from d3d_tf.hub_export.client.module_info import OF_FEATURES
from d3d_tf.hub_export.cut_network import CLASSIFICATION
from d3d_tf.hub_export.detection.draft import DETECTION
from d3d_tf.tasks import DEFAULT as TASK
from d3d_tf.text_lists import read_written_labels

DESCRIPTION = "module.json"
AGAIN = "copy the module again, or export it again with --mode=export"
# What it must say.
_FORM = {
    "network": dict,
    "input": {"frames": int, "size": int, "short_side": int},
    "frame_rate": float,
}
_FORM_OF_FEATURES = {"network": dict, "fewer_frames": dict, "task": str}


def read_description(folder: Path) -> dict:
    """The content of module.json.

    Raises:
      UserError: there is none, it is damaged, or it tells no network.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        raise UserError(
            f"{folder} is a SavedModel but no module of d3d_tf: without "
            "module.json nobody knows its layers. hub.KerasLayer fine-tunes "
            "it where it is a reusable one, see docs/finetuning.md."
        )
    told = read_json(path, {}, AGAIN)
    if told.get("kind") == DETECTION:
        raise UserError(
            f"{folder} is a detector's module; nothing starts from one. Name "
            "the run or the module that the detector started from. "
            "hub.KerasLayer fine-tunes this one, see docs/detection.md."
        )
    if "network" not in told:
        raise UserError(
            f"{folder}/module.json does not say which network it is (key "
            "`network`): it was made by an older d3d_tf, or by export_module "
            "outside of a run. Export it again with --mode=export, or "
            "fine-tune it by hub.KerasLayer, see docs/finetuning.md."
        )
    of_features = told.get("kind") == OF_FEATURES
    return read_json(path, _FORM_OF_FEATURES if of_features else _FORM, AGAIN)


def recipe_of(told: dict, folder: Path) -> config.Recipe:
    """The recipe of the run that a module is.

    Args:
      told: from `read_description`.
      folder: the module's, for messages.

    Raises:
      UserError: it is of another version, damaged, or a part of a network.
    """
    if told.get("kind") == OF_FEATURES:
        names = "task", "network", "fewer_frames"
        content = {"name": "module"} | {name: told[name] for name in names}
    else:
        content = _of_clips(told)
    try:
        recipe = config.from_dict(content, "network")
    except UserError as error:
        words = str(error).rstrip(".")
        raise UserError(
            f"{folder}/{DESCRIPTION} is damaged, or of another version of "
            f"d3d_tf ({words}): {AGAIN}."
        ) from error
    last, endpoint = recipe.network.endpoints[-1], told.get("endpoint")
    if endpoint not in (None, last):
        raise UserError(
            f"{folder} ends at {endpoint}, the network it is a part of at "
            f"{last}: give the run, or a module of another kind. "
            "hub.KerasLayer fine-tunes this one, see docs/finetuning.md."
        )
    return recipe


def _of_clips(told: dict) -> dict:
    """The recipe of a network of clips."""
    clip = told["input"]
    return {
        "name": "module",
        # Modules of before knew no other and do not say so.
        "task": told.get("task", TASK),
        "network": told["network"],
        "clip": {
            "frames": clip["frames"],
            "size": clip["size"],
            # Modules of before saw every frame and do not say so.
            "stride": told.get("stride", 1),
            "sampling": told.get("sampling", "dense"),
        },
        "data": {
            "short_side": clip["short_side"],
            "frame_rate": told.get("video_frame_rate", told["frame_rate"]),
            # Modules of before kept stored pixels and do not say so.
            "square_pixels": told.get("square_pixels", False),
        },
    }


def labels_of(told: dict, folder: Path) -> list[str]:
    """Class names in the order of the logits; of features there are none.

    Raises:
      UserError: they are not those that were exported.
    """
    path = folder / "assets" / "labels.txt"
    promised = told.get("labels_sha256")
    kind = told.get("kind", CLASSIFICATION)
    classifies = kind in (CLASSIFICATION, OF_FEATURES)
    if not path.exists() and not (promised and classifies):
        return []
    return read_written_labels(path, AGAIN, promised)
