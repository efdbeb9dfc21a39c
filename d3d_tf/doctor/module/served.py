"""A module and what it says of itself."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.atomic_files import literal
from d3d_tf.damaged import naming, read_json, require_sha256
from d3d_tf.doctor.findings import words_of
from d3d_tf.errors import UserError
from d3d_tf.hub_export.client.classification import FRAME_RATE
from d3d_tf.hub_export.client.errors import ClientError
from d3d_tf.hub_export.client.example import BOXES, INPUT
from d3d_tf.hub_export.client.module_info import (
    OF_FEATURES,
    ModuleInfo,
    read_module_info,
)
from d3d_tf.hub_export.cut_network import CLASSIFICATION
from d3d_tf.hub_export.detection.draft import DETECTION
from d3d_tf.hub_export.versions import MARK
from d3d_tf.training.checkpoints import damage

DESCRIPTION = "module.json"
_AGAIN = "export it again with --mode=export"


@dataclasses.dataclass(frozen=True)
class Module:
    """A version folder.

    Attributes:
      path: of the folder.
      told: the content of module.json.
      info: how it wants a video sampled, and its labels.
      loaded: the SavedModel.
    """

    path: Path
    told: dict
    info: ModuleInfo
    loaded: Any

    @property
    def classifies(self) -> bool:
        """Whether its answers are probabilities of classes."""
        return self.told.get("kind") in (CLASSIFICATION, OF_FEATURES)

    @property
    def detects(self) -> bool:
        """Whether it is asked about boxes."""
        return self.told.get("kind") == DETECTION

    @property
    def of_features(self) -> bool:
        """Whether it is given features of frames, not frames."""
        return self.info.of_features

    @property
    def takes_boxes(self) -> bool:
        """Whether its signatures are asked about boxes."""
        return self.detects and bool(self.told["input"].get("most_boxes"))

    @property
    def frames(self) -> int:
        """Of a clip."""
        return int(self.info.frames or 0)

    @property
    def size(self) -> int:
        """Of its square, in pixels; 0: it sees whole frames."""
        return int(self.info.size or 0)

    @property
    def frame_rate(self) -> float:
        """Per second; where nobody tells, the paper's."""
        return self.info.frame_rate or FRAME_RATE

    @property
    def answer(self) -> str:
        """The output of its signatures that `output` is."""
        if self.detects:
            return "probabilities"
        return "logits" if self.classifies else "features"

    def output(self, inputs: dict) -> np.ndarray:
        """Logits, features or, of boxes, probabilities; nothing is checked.

        Args:
          inputs: of `serving_default`: `frames`, and of a detector `boxes`;
            or `features` and `num_frames`.

        Returns:
          float32 `[batch, classes]`, `[batch, ..., channels]` or `[batch, N,
          actions]`.
        """
        if self.detects and BOXES in inputs:
            answers = self.loaded(inputs, training=False)
            return tf.nn.sigmoid(answers["logits"]).numpy()
        if self.detects:  # Its callable does not find persons.
            answers = self.loaded.signatures["serving_default"](**inputs)
            return answers["probabilities"].numpy()
        given = inputs if self.of_features else inputs[INPUT]
        return self.loaded(given, training=False).numpy()


def is_module(folder: Path) -> bool:
    """Whether it is one, or was."""
    return any((folder / name).exists() for name in (MARK, DESCRIPTION))


def open_module(folder: Path) -> Module:
    """Reads a version folder.

    Raises:
      UserError: a part of it is missing or damaged.
    """
    if not (folder / MARK).exists():
        raise UserError(f"{MARK} is missing: it was copied in part; {_AGAIN}")
    if not (folder / DESCRIPTION).exists():
        raise UserError(
            f"{DESCRIPTION} is missing, so nobody knows what it takes: copy "
            "the whole folder, or, if d3d_tf did not make it, ask who did"
        )
    try:
        info = read_module_info(folder, check_labels=False)
    except ClientError as error:
        raise UserError(f"{error}") from error
    told = read_json(folder / DESCRIPTION, {}, _AGAIN)
    with naming(folder / MARK, _AGAIN):
        require_sha256(
            (folder / MARK).read_bytes(), told.get("saved_model_sha256")
        )
    try:
        with literal(folder) as place:
            if problem := damage(f"{place}/variables/variables"):
                raise UserError(f"variables/{problem}; {_AGAIN}")
            loaded = tf.saved_model.load(place)
    except UserError:
        raise
    except Exception as error:  # TensorFlow's are of many kinds.
        raise UserError(
            f"TensorFlow cannot load it, {MARK} may be damaged "
            f"({words_of(error)}); {_AGAIN}"
        ) from error
    if not callable(loaded):
        raise UserError(
            "it is a SavedModel that cannot be called, not one that d3d_tf "
            "exported"
        )
    return Module(folder, told, info, loaded)
