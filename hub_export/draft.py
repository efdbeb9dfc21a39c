"""A module before it is saved: a part of a network, its clips and classes."""

import dataclasses
import hashlib
import json
from typing import Any

from d3d_tf.errors import UserError
from d3d_tf.hub_export.check_parity import (
    Reference,
    largest_differences,
    make_reference,
)
from d3d_tf.hub_export.cut_network import CLASSIFICATION, Part, architecture
from d3d_tf.hub_export.example import drawn_for
from d3d_tf.hub_export.model_card import model_card
from d3d_tf.hub_export.saved_module import make_module
from d3d_tf.hub_export.signature_inputs import OVERSHOOT, ClipSpec
from d3d_tf.hub_export.warm_up import filled_frames
from d3d_tf.models.network import VideoNetwork
from d3d_tf.tasks import DEFAULT
from d3d_tf.text_lists import labels_sha256, written_labels

# Part of a module's identity: raise it when modules of the same network change.
FORMAT = 6


@dataclasses.dataclass(frozen=True)
class Draft:
    """What a module is made from.

    Attributes:
      network: that is exported, of float32.
      part: of the network, from `cut`.
      clip: what the signatures accept.
      labels: class names in order; see `one_line_each`.
    """

    network: Any
    part: Part
    clip: ClipSpec
    labels: list[str]
    card = staticmethod(model_card)

    @property
    def classifies(self) -> bool:
        """Whether the module has logits."""
        return self.part.kind == CLASSIFICATION

    @property
    def ways(self) -> tuple[bool, ...]:
        """Whether it is folded: what is tried, in this order."""
        ours = isinstance(self.network, VideoNetwork)
        return (True, False) if ours else (False,)

    def module(self, *, fold: bool) -> tuple[Any, dict[str, Any]]:
        """The object to save and its signatures."""
        return make_module(self.network, self.part, self.clip, fold=fold)

    def reference(self) -> Reference:
        """What the network says of random clips."""
        return make_reference(self.network, self.part, self.clip)

    def differences(
        self, module: Any, reference: Reference
    ) -> dict[str, float]:
        """How far each way into the loaded module is from that."""
        return largest_differences(
            self.network, self.part, module, self.clip, reference
        )

    def requests(self) -> dict[str, dict[str, Any]]:
        """Of each signature one to warm up with: TensorProtos by name."""
        clip = self.clip
        return filled_frames(clip.frames, (clip.size,) * 2, clip.short_side)

    def example(self) -> dict[str, Any]:
        """What else than its clip the module's example has, and the clip."""
        return {"pictures": drawn_for(self.clip)}

    @property
    def variables(self) -> list[Any]:
        """Those of the part, in the network's order."""
        return self.part.variables_of(self.network)

    @property
    def num_bytes(self) -> int:
        """Size of the weights."""
        return sum(variable.numpy().nbytes for variable in self.variables)

    def digest(self, frame_rate: float | None) -> str:
        """What makes a module another one: weights, classes, clip, part."""
        described = [
            *(FORMAT, self.labels, self.clip, self.part.kind),
            *(self.part.endpoint, architecture(self.network), frame_rate),
        ]
        if self.part.task != DEFAULT:  # Identities of before stay.
            described.append(self.part.task)
        digest = hashlib.sha256(json.dumps(described, default=vars).encode())
        for variable in self.variables:
            digest.update(variable.numpy().tobytes())
        return digest.hexdigest()

    def description(self) -> dict[str, Any]:
        """The entries of `module.json` that are known before it is saved."""
        clip = self.clip
        return {
            "kind": self.part.kind,
            "endpoint": self.part.endpoint,
            "input": {
                "frames": clip.frames,
                "shortest": clip.shortest,
                "longest": clip.longest,
                "size": clip.size,
                "short_side": clip.short_side,
                "range": [0, 1],
                "overshoot": OVERSHOOT,
                "colour": "RGB",
            },
            "pixels": dataclasses.asdict(self.part.pixels),
            "num_classes": len(self.labels) if self.classifies else None,
            "labels_sha256": labels_sha256(self.labels),
        }


def one_line_each(labels: list[Any]) -> list[str]:
    """The class names, if a file of lines can hold them.

    Raises:
      UserError: a name has a line break, or nothing in it.
    """
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
