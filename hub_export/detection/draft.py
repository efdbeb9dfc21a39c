"""A detector's module before it is saved; as `hub_export.draft` has others."""

import dataclasses
import hashlib
import json
from typing import Any

import tensorflow as tf

from d3d_tf.detector.network import Detector
from d3d_tf.hub_export.check_parity import Reference
from d3d_tf.hub_export.cut_network import architecture
from d3d_tf.hub_export.detection.card import card
from d3d_tf.hub_export.detection.check_parity import (
    BOXES,
    largest_differences,
    make_reference,
)
from d3d_tf.hub_export.detection.inputs import (
    MOST_BOXES,
    SMALLEST_SIDE,
    KeyframeSpec,
)
from d3d_tf.hub_export.detection.module import asked_layers, make_module
from d3d_tf.hub_export.example import MOST_FRAMES, draw
from d3d_tf.hub_export.signature_inputs import OVERSHOOT
from d3d_tf.hub_export.warm_up import filled, filled_frames
from d3d_tf.text_lists import labels_sha256

DETECTION = "detection"
# Part of a module's identity: raise it when modules of the same network change.
FORMAT = 1


@dataclasses.dataclass(frozen=True)
class DetectionDraft:
    """What a detector's module is made from.

    Attributes:
      detector: that is exported, of float32.
      clip: what the signatures accept.
      labels: names of the actions in order.
    """

    detector: Detector
    clip: KeyframeSpec
    labels: list[str]
    card = staticmethod(card)
    classifies = True
    ways = (True, False)

    def module(self, *, fold: bool) -> tuple[Any, dict[str, Any]]:
        """The object to save and its signatures."""
        return make_module(self.detector, self.clip, fold=fold)

    def reference(self) -> Reference:
        """What the detector says of random clips."""
        return make_reference(self.detector, self.clip)

    def differences(
        self, module: Any, reference: Reference
    ) -> dict[str, float]:
        """How far each way into the loaded module is from that."""
        return largest_differences(self.detector, module, reference)

    def requests(self) -> dict[str, dict[str, Any]]:
        """Of each signature one to warm up with, of eight boxes or none."""
        side = max(self.clip.short_side, SMALLEST_SIDE)
        frames = filled_frames(self.clip.frames, (side, side), side)
        boxes = {"boxes": filled(tf.float32, [1, 8, 4], float_val=[0.0])}
        if not self.takes_boxes:
            return frames
        return {name: inputs | boxes for name, inputs in frames.items()}

    def example(self) -> dict[str, Any]:
        """The pictures and the boxes of the module's example."""
        clip = self.clip
        frames = max(clip.shortest, min(clip.frames, MOST_FRAMES))
        pictures = draw(frames, max(clip.short_side, SMALLEST_SIDE))
        boxes = BOXES.tolist() if self.takes_boxes else None
        return {"pictures": pictures, "boxes": boxes}

    @property
    def takes_boxes(self) -> bool:
        """Whether others find the persons, as there is no RPN."""
        return self.detector.persons is None

    @property
    def num_bytes(self) -> int:
        """Size of the weights."""
        return sum(weight.nbytes for weight in self.detector.get_weights())

    @property
    def network(self) -> Detector:
        """What is exported, as other drafts call it."""
        return self.detector

    def digest(self, frame_rate: float | None) -> str:
        """What makes a module another one: weights, actions, clip."""
        described = [
            *(FORMAT, DETECTION, self.labels, self.clip),
            *(architecture(self.detector), frame_rate),
        ]
        digest = hashlib.sha256(json.dumps(described, default=vars).encode())
        for layer in asked_layers(self.detector):
            for variable in layer.variables:
                digest.update(variable.numpy().tobytes())
        return digest.hexdigest()

    def description(self) -> dict[str, Any]:
        """The entries of `module.json` that are known before it is saved."""
        clip = self.clip
        return {
            "kind": DETECTION,
            "endpoint": None,
            "input": {
                "frames": clip.frames,
                "shortest": clip.shortest,
                "longest": clip.longest,
                "size": None,
                "short_side": clip.short_side,
                "most_pixels": clip.most_pixels,
                "most_boxes": MOST_BOXES if self.takes_boxes else None,
                "range": [0, 1],
                "overshoot": OVERSHOOT,
                "colour": "RGB",
            },
            "pixels": dataclasses.asdict(self.detector.pixels),
            "num_classes": len(self.labels),
            "labels_sha256": labels_sha256(self.labels),
        }
