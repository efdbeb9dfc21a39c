"""A module of features before it is saved; as `hub_export.draft` has others."""

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np
import tensorflow as tf

from d3d_tf.hub_export.check_parity import Reference
from d3d_tf.hub_export.client.module_info import OF_FEATURES
from d3d_tf.hub_export.cut_network import Part, architecture
from d3d_tf.hub_export.features.card import card, in_words
from d3d_tf.hub_export.features.check_parity import (
    largest_differences,
    make_reference,
)
from d3d_tf.hub_export.features.inputs import LARGEST, FeatureSpec
from d3d_tf.hub_export.features.module import make_module
from d3d_tf.hub_export.signature_inputs import OVERSHOOT
from d3d_tf.hub_export.warm_up import filled
from d3d_tf.models.feature_clip import FeatureNetwork
from d3d_tf.text_lists import labels_sha256

# Part of a module's identity: raise it when modules of the same network change.
FORMAT = 1
# Frames of an example that a network sees all of.
_SOME_FRAMES = 16


@dataclasses.dataclass(frozen=True)
class FeatureDraft:
    """What a module of features is made from.

    Attributes:
      network: that is exported, of float32.
      part: of the network, all of it.
      spec: what the signatures accept and the network sees.
      labels: class names in order.
    """

    network: FeatureNetwork
    part: Part
    spec: FeatureSpec
    labels: list[str]
    card = staticmethod(card)
    classifies = True
    ways = (False,)

    def module(self, *, fold: bool) -> tuple[Any, dict[str, Any]]:
        """The object to save and its signatures; nothing is folded."""
        return make_module(self.network, self.part, self.spec)

    def reference(self) -> Reference:
        """What the network says of random videos."""
        return make_reference(self.network, self.part, self.spec)

    def differences(
        self, module: Any, reference: Reference
    ) -> dict[str, float]:
        """How far each way into the loaded module is from that."""
        return largest_differences(self.part, module, self.spec, reference)

    def requests(self) -> dict[str, dict[str, Any]]:
        """Of each signature one to warm up with, of the longest video."""
        frames = self.spec.longest
        count = {"num_frames": filled(tf.int32, [1], int_val=[frames])}

        def bytes_(width):
            return filled(tf.uint8, [1, frames, width], int_val=[128])

        width = self.spec.width
        floats = filled(tf.float32, [1, frames, width], float_val=[0.0])
        found = {
            "serving_default": {"features": floats} | count,
            "without_padding": {"features": floats},
            "features_uint8": {"features": bytes_(width)} | count,
        }
        if self.spec.audio:
            parts = {"rgb": self.spec.rgb, "audio": self.spec.audio}
            parts = {name: bytes_(size) for name, size in parts.items()}
            found["rgb_audio_uint8"] = parts | count
        return found

    def example(self) -> dict[str, Any]:
        """The features of the module's example, four that are seen at least."""
        sampling = self.spec.sampling
        frames = {"all": _SOME_FRAMES, "uniform": 4 * sampling.every}.get(
            sampling.way, 2 * sampling.k
        )
        shape = [min(frames, self.spec.longest), self.spec.width]
        rng = np.random.default_rng(0)
        return {"features": rng.integers(0, 256, shape, np.uint8)}

    @property
    def num_bytes(self) -> int:
        """Size of the weights."""
        return sum(weight.nbytes for weight in self.network.get_weights())

    def digest(self, frame_rate: float | None) -> str:
        """What makes a module another one: weights, classes, frames."""
        described = [
            *(FORMAT, OF_FEATURES, self.labels, self.part.task, frame_rate),
            *(dataclasses.asdict(self.spec), architecture(self.network)),
        ]
        digest = hashlib.sha256(json.dumps(described).encode())
        for weight in self.network.get_weights():
            digest.update(weight.tobytes())
        return digest.hexdigest()

    def description(self) -> dict[str, Any]:
        """The entries of `module.json` that are known before it is saved."""
        return {
            "kind": OF_FEATURES,
            "endpoint": None,
            "input": {
                "features": self.spec.width,
                "rgb": self.spec.rgb,
                "audio": self.spec.audio,
                "shortest": 1,
                "longest": self.spec.longest,
                "range": [-LARGEST, LARGEST],
                "overshoot": OVERSHOOT,
                "frames": in_words(self.spec),
            },
            "fewer_frames": dataclasses.asdict(self.spec.sampling),
            "num_classes": len(self.labels),
            "labels_sha256": labels_sha256(self.labels),
        }
